"""What the tests of `digits serve` stand on: a server as a process, clients, and checks that are printed."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DIGITS = os.path.abspath(sys.argv[1])
PATIENCE = 30  # seconds, for whatever is waited for
failures = 0 # of checks


def check(what, good, detail=''):
    global failures
    print(f'ok - serve: {what}' if good else f'not ok - serve: {what}\n    # {detail}', flush=True)
    failures += not good


def within(condition, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def free_port():
    """Below those that the kernel hands out itself."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(('127.0.0.1', port))
            return port


# -- a server ----------------------------------------------------------------------------------------------------------

class Server:
    """A process, with the lines it prints. `variables` go into its environment, which has nothing else."""

    def __init__(self, folder, **variables):
        self.port = free_port()
        self.output = tempfile.TemporaryFile('w+')
        environment = {'KITAE_MODEL_DIR': folder, 'KITAE_MODEL_DIGEST': 'sha-of-test', 'KITAE_REVISION': 'digits-1a2b',
                       'HOSTNAME': 'digits-1a2b-x', 'PORT': str(self.port), 'DRAIN_SECONDS': '1'}
        environment.update({name: str(value) for name, value in variables.items()})
        sanitizers = {name: value for name, value in os.environ.items() if name.endswith('SAN_OPTIONS')}
        self.process = subprocess.Popen([DIGITS, 'serve'], env={**environment, **sanitizers}, stdout=self.output,
                                        stderr=subprocess.STDOUT)

    def said(self):
        self.output.seek(0)
        return self.output.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)

    def code(self):
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def server(folder, **variables):
    one = Server(folder, **variables)
    try:
        if not within(lambda: one.process.poll() is not None or 'listening' in one.said()):
            raise TimeoutError('the server does not listen')
        yield one
        if one.process.poll() is None:
            one.stop()
        check('... and it ends well', one.code() == 0 and 'Sanitizer' not in one.said(), one.said())
    finally:
        one.process.kill()
        one.process.wait()


# -- a client ----------------------------------------------------------------------------------------------------------

class Answer:
    def __init__(self, head, body):
        lines = head.decode().split('\r\n')
        self.code = int(lines[0].split(' ')[1])
        self.headers = {name.lower(): value for name, value in (line.split(': ', 1) for line in lines[1:])}
        self.body = body
        self.closes = self.headers['connection'] == 'close'

    def json(self):
        return json.loads(self.body)


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = b''

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f'closed after {len(self.bytes)} bytes')
        self.bytes += data

    def receive(self, with_body=True):
        while b'\r\n\r\n' not in self.bytes:
            self.more()
        head, self.bytes = self.bytes.split(b'\r\n\r\n', 1)
        size = int(re.search(rb'Content-Length: (\d+)', head).group(1)) if with_body else 0
        while len(self.bytes) < size:
            self.more()
        body, self.bytes = self.bytes[:size], self.bytes[size:]
        return Answer(head, body)

    def ask(self, data):
        self.send(data)
        return self.receive()

    def is_closed(self):
        """By the other side, in an orderly way."""
        return self.socket.recv(1) == b''


def get(path, headers=''):
    return f'GET {path} HTTP/1.1\r\nHost: t\r\n{headers}\r\n'.encode()


def post(body, headers='', path='/predict'):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f'POST {path} HTTP/1.1\r\nHost: t\r\nContent-Length: {len(body)}\r\n{headers}\r\n'.encode() + body


def ask_once(port, data):
    client = Client(port)
    try:
        return client.ask(data)
    finally:
        client.close()


def is_healthy(one):
    return ask_once(one.port, get('/healthz')).code == 200


def numbers(*changes):
    values = ['0'] * 64
    for index, value in changes:
        values[index] = value
    return ('{"pixels":[' + ','.join(values) + ']}').encode()


class Load(threading.Thread):
    """Asks over a kept connection, one after the other. Where it is told to close, it goes to the next server."""

    def __init__(self, ports):
        super().__init__(daemon=True)
        self.ports, self.answers, self.lost, self.moved = list(ports), 0, [], 0
        self.stopped = threading.Event()

    def run(self):
        client = Client(self.ports[0])
        while not self.stopped.is_set():
            try:
                answer = client.ask(post(numbers()))
            except (OSError, EOFError) as error:
                self.lost.append(repr(error))
                return
            self.answers += 1
            if answer.code != 200:
                self.lost.append(answer.code)
            if answer.closes:
                client.close()
                self.moved += 1
                client = Client(self.ports[min(self.moved, len(self.ports) - 1)])
        client.close()
