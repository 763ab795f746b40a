"""Bytes of the fault proxy: HTTP/1.1 messages and websocket frames, read piece by piece and sent on as they came."""

import ssl
import urllib.parse

MAX_HEAD = 64 * 1024
TEXT, CLOSE = 1, 8  # opcodes of websocket frames


class Gone(Exception):
    """The connection has ended, by its peers or by a fault."""


class Wire:
    """A stream of bytes in both directions. What was read too early can be put back."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.kept = reader, writer, b''

    async def some(self):
        if self.kept:
            data, self.kept = self.kept, b''
            return data
        try:
            return await self.reader.read(65536)
        except (OSError, ssl.SSLError):
            return b''

    async def exactly(self, count):
        data = b''
        while len(data) < count:
            piece = await self.some()
            if not piece:
                raise Gone
            data += piece
        self.kept = data[count:] + self.kept
        return data[:count]

    async def until(self, end, limit=MAX_HEAD):
        data = b''
        while end not in data:
            piece = await self.some()
            if not piece or len(data) > limit:
                raise Gone
            data += piece
        at = data.index(end) + len(end)
        self.kept = data[at:] + self.kept
        return data[:at]

    async def send(self, data):
        try:
            self.writer.write(data)
            await self.writer.drain()
        except (OSError, ssl.SSLError, RuntimeError):
            raise Gone from None

    async def ended(self):
        """Returns when the peer has closed; what it says until then is kept."""
        while True:
            try:
                data = await self.reader.read(65536)
            except (OSError, ssl.SSLError):
                return
            if not data:
                return
            self.kept += data

    def abort(self):
        self.writer.transport.abort()


class Message:
    """The head of a request or of an answer."""

    def __init__(self, head):
        lines = head.decode('latin-1').split('\r\n')
        self.first = lines[0]
        self.headers = [line.split(':', 1) for line in lines[1:] if ':' in line]

    def get(self, name):
        return next((value.strip() for key, value in self.headers if key.lower() == name), None)

    def drop(self, *names):
        self.headers = [[key, value] for key, value in self.headers if key.lower() not in names]

    def bytes(self):
        return '\r\n'.join([self.first] + [':'.join(header) for header in self.headers] + ['', '']).encode('latin-1')


class Request(Message):
    def __init__(self, head):
        super().__init__(head)
        self.verb, self.path = (self.first.split(' ') + ['', ''])[:2]
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.watch = query.get('watch', [''])[0] in ('true', '1')
        self.upgrade = (self.get('upgrade') or '').lower() == 'websocket'


async def pieces_of_body(wire, message, is_request=False, no_body=False):
    """Yields the body of a message as it comes, chunk lines included, so that it can be sent on as it is."""
    length = message.get('content-length')
    if (message.get('transfer-encoding') or '').lower() == 'chunked':
        while True:
            line = await wire.until(b'\r\n')
            size = int(line.split(b';')[0], 16)
            if size == 0:
                yield line + await wire.until(b'\r\n')
                return
            yield line + await wire.exactly(size + 2)
    elif no_body or length == '0' or (is_request and length is None):
        return
    elif length is not None:
        left = int(length)
        while left:
            piece = await wire.some()
            if not piece:
                raise Gone
            wire.kept, piece = piece[left:] + wire.kept, piece[:left]
            left -= len(piece)
            yield piece
    else:
        while piece := await wire.some():
            yield piece


async def read_frame(wire):
    """A frame of the server's, which is never masked: opcode, and all its bytes."""
    head = await wire.exactly(2)
    length = head[1] & 127
    if length > 125:
        more = await wire.exactly(2 if length == 126 else 8)
        head, length = head + more, int.from_bytes(more, 'big')
    return head[0] & 15, head + await wire.exactly(length)


def frame(opcode, payload):
    length = len(payload)
    if length < 126:
        head = bytes([0x80 | opcode, length])
    elif length < 65536:
        head = bytes([0x80 | opcode, 126]) + length.to_bytes(2, 'big')
    else:
        head = bytes([0x80 | opcode, 127]) + length.to_bytes(8, 'big')
    return head + payload
