"""docs/performance.md, whose sections come from several programs: each replaces its own and leaves the others."""

import os
import re

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'docs', 'performance.md')
# Of other programs, other runs or people, in their order.
OF_OTHERS = ['## What forbids some bars', '## Beside its peers', '## ServingEndpoints', '## kitae-agent', '## kitae-agent, far from its data']


def section(text, heading):
    """The text of a section with its heading, '' when there is none."""
    found = re.search(rf'^{re.escape(heading)}\n.*?(?=^## |\Z)', text, flags=re.M | re.S)
    return found[0].rstrip('\n') + '\n' if found else ''


def publish(heading, new):
    """heading None: all is new but those OF_OTHERS that the new text does not have."""
    with open(PATH, encoding='utf-8') as file:
        text = file.read()
    others = {one: section(text, one) for one in OF_OTHERS}
    for one in others.values():
        text = text.replace(one, '') if one else text
    if heading is None:
        text = new
        others = {one: old for one, old in others.items() if not section(new, one)}
    else:
        others[heading] = new.rstrip('\n') + '\n'
    parts = [text.strip('\n') + '\n', *(one for one in others.values() if one)]
    with open(PATH, 'w', encoding='utf-8') as file:
        file.write('\n'.join(parts))
