"""Rules of the fault proxy: which requests, how often, and what is done to them. README.md is their manual."""

import random
import re

WRITES = ('POST', 'PUT', 'PATCH', 'DELETE')
ACTIONS = ('kill', 'drop', 'stall', 'answer', 'delay', 'strip-upgrade', 'mute', 'split', 'slow', 'cut', 'close', 'count')
KEYS = {'do', 'verb', 'path', 'watch', 'upgrade', 'header', 'skip', 'times', 'chance', 'when', 'pid', 'seconds', 'status',
        'headers', 'body', 'bytes', 'bytes_per_second', 'messages', 'event', 'name'}


class Rule:
    """What to do to which requests; see README.md. `seen` counts requests that match, `fired` those it was done to."""

    def __init__(self, fields, seed):
        unknown = set(fields) - KEYS
        if unknown:
            raise ValueError(f'unknown fields: {", ".join(sorted(unknown))}')
        if fields.get('do', 'count') not in ACTIONS:
            raise ValueError(f'"do" is one of: {", ".join(ACTIONS)}')
        if fields.get('when', 'before') not in ('before', 'after'):
            raise ValueError('"when" is before or after')
        self.fields, self.seen, self.fired = fields, 0, 0
        self.do = fields.get('do', 'count')
        self.verbs = WRITES if fields.get('verb') == 'write' else fields.get('verb', '').split()
        self.path = re.compile(fields.get('path', ''))
        self.headers = {key.lower(): re.compile(value) for key, value in fields.get('header', {}).items()}
        self.random = random.Random(seed)

    def get(self, name, default=None):
        return self.fields.get(name, default)

    def matches(self, request):
        return ((not self.verbs or request.verb in self.verbs) and self.path.search(request.path) is not None
                and request.watch == self.fields.get('watch', request.watch)
                and request.upgrade == self.fields.get('upgrade', request.upgrade)
                and all(value.search(request.get(key) or '') for key, value in self.headers.items()))

    def fires(self, request):
        if not self.matches(request):
            return False
        self.seen += 1
        if self.seen <= self.get('skip', 0) or self.fired >= self.get('times', float('inf')):
            return False
        if self.random.random() >= self.get('chance', 1):
            return False
        self.fired += 1
        return True

    def report(self):
        return dict(self.fields, seen=self.seen, fired=self.fired)


NOTHING = Rule({}, 0)
