"""Two network namespaces and a link between them that takes its time: each packet is read from a TUN device in one,
kept for half of the round trip, and written to that in the other. (Many kernels of CI machines have no netem.)"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import subprocess
import threading
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
PACKET = 65536
ADDRESSES = '10.199.0.1', '10.199.0.2'


def ip(*words):
    subprocess.run(['ip', *words], check=True)


def open_tun(namespace):
    """The TUN device "delayed" of a namespace, by a thread of its own, since it enters that."""
    found = []

    def enter():
        with open(f'/run/netns/{namespace}', encoding='ascii') as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), 'setns')
        tun = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack('16sH', b'delayed', IFF_TUN | IFF_NO_PI))
        found.append(tun)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if not found:
        raise OSError('there is no TUN device here')
    return found[0]


class Link:
    """With it, `near` and `far` are words that run a command in either namespace; `address` is that of the far one."""

    def __init__(self, round_trip_ms):
        self.delay = round_trip_ms / 2000
        self.names = [f'kitae-{end}-{os.getpid()}' for end in ('near', 'far')]
        self.near, self.far = (['ip', 'netns', 'exec', name] for name in self.names)
        self.address = ADDRESSES[1]

    def __enter__(self):
        for name in self.names:
            ip('netns', 'add', name)
        self.tuns = [open_tun(name) for name in self.names]
        for name, own, other in zip(self.names, ADDRESSES, ADDRESSES[::-1]):
            ip('-n', name, 'link', 'set', 'lo', 'up')
            ip('-n', name, 'addr', 'add', own, 'peer', other, 'dev', 'delayed')
            ip('-n', name, 'link', 'set', 'delayed', 'txqueuelen', '10000', 'up')
        self.ends = False
        self.thread = threading.Thread(target=self.carry)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.thread.join()
        for tun in self.tuns:
            os.close(tun)
        for name in self.names:
            ip('netns', 'del', name)

    def carry(self):
        """In each direction packets wait in the order they came, as long as each other: a queue is enough."""
        waiting = {self.tuns[0]: collections.deque(), self.tuns[1]: collections.deque()}
        to = {self.tuns[0]: self.tuns[1], self.tuns[1]: self.tuns[0]}
        while not self.ends:
            due = min((queue[0][0] for queue in waiting.values() if queue), default=time.monotonic() + 0.2)
            ready, _, _ = select.select(self.tuns, [], [], max(0, due - time.monotonic()))
            for tun in ready:
                try:
                    while True:
                        waiting[tun].append((time.monotonic() + self.delay, os.read(tun, PACKET)))
                except BlockingIOError:
                    pass
            now = time.monotonic()
            for tun, queue in waiting.items():
                while queue and queue[0][0] <= now:
                    try:
                        os.write(to[tun], queue.popleft()[1])
                    except (BlockingIOError, OSError):
                        pass  # a full queue drops, as routers do

    def connections(self):
        """That were opened from the near end so far."""
        text = subprocess.run([*self.near, 'cat', '/proc/net/snmp'], check=True, capture_output=True, text=True).stdout
        names, values = [line.split() for line in text.splitlines() if line.startswith('Tcp:')]
        return int(values[names.index('ActiveOpens')])
