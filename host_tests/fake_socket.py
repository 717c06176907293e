"""The module `socket` of an ESP32 on a fakes.Clock, and both umqtt.simple on CPython."""

from __future__ import annotations

import binascii
import importlib.util
import struct
import sys
from pathlib import Path

from fake_peer import FAULTS, ODDITIES, Peer

from tools import environment

SOCKETS = 10
BUFFER = 1024  # more than that at once is too much for a small heap
LATENCY_MS = 3
ANSWERS, REFUSES, DEAD = "answers", "refuses", "dead"
ENFILE, EBADF, ECONNRESET, ECONNREFUSED, ETIMEDOUT, NO_NAME = 23, 9, 104, 111, 116, -202  # lwIP's

UMQTT = {
    "1.3.4": environment.umqtt_dir() / "umqtt" / "simple.py",
    "later": Path(__file__).parent / "later_umqtt" / "umqtt" / "simple.py",
}


def umqtt(which, transport):
    """-> a fresh module umqtt.simple over `transport`; `which`: a key of UMQTT."""
    spec = importlib.util.spec_from_file_location(f"umqtt_{which}", UMQTT[which])
    module = importlib.util.module_from_spec(spec)
    lent = {"usocket": None, "ustruct": struct, "ubinascii": binascii}
    before = {name: sys.modules.get(name) for name in lent}
    sys.modules.update(lent | {"usocket": transport})
    try:
        spec.loader.exec_module(module)
    finally:
        for name, old in before.items():
            sys.modules.pop(name) if old is None else sys.modules.update({name: old})
    module.socket = transport
    return module


class Net:
    """The module. `way`: ANSWERS, REFUSES or DEAD, what a connection meets; `name_known`: does the DNS answer;
    `fault`: name of a row of FAULTS or ODDITIES for the connections to come; `room`: bytes that one write takes.
    """

    SOCK_STREAM = 1

    def __init__(self, clock):
        self.clock = clock
        self.way = ANSWERS
        self.name_known = True
        self.fault = None
        self.room = 1 << 30
        self.sockets = []
        self.asked = 0  # the DNS, so often
        self.attempts = []  # when connections were tried: clock.passed_ms

    def open_count(self):
        return len([one for one in self.sockets if not one.closed])

    def getaddrinfo(self, host, port, af, kind):
        assert (af, kind) == (0, self.SOCK_STREAM)
        self.asked += 1
        if not self.name_known:
            raise OSError(NO_NAME)
        return [(2, 1, 0, host, ("192.0.2.1", port))]

    def socket(self):
        if self.open_count() >= SOCKETS:
            raise OSError(ENFILE)
        self.sockets.append(FakeSocket(self))
        return self.sockets[-1]

    def packets(self):
        """All that the broker has heard: [(number of the connection from 1, Packet)]."""
        talked = [one for one in self.sockets if one.peer]
        return [(number, packet) for number, one in enumerate(talked, 1) for packet in one.peer.packets]


class FakeSocket:
    """One socket. `incoming`: [(when, data)] by clock.passed_ms; b"" is the end, an OSError is raised."""

    def __init__(self, net):
        self._net = net
        self.timeout = None  # for ever
        self.closed = False
        self.peer = None
        self.incoming = []
        self.sent = []  # what each write took

    def settimeout(self, seconds):
        self.timeout = seconds

    def connect(self, address):
        assert self.timeout, "it would wait for ever"
        net = self._net
        net.attempts.append(net.clock.passed_ms)
        if net.way == REFUSES:
            raise OSError(ECONNREFUSED)
        if net.way == DEAD:
            net.clock.advance(int(self.timeout * 1000))
            raise OSError(ETIMEDOUT)
        self.peer = Peer({**FAULTS, **ODDITIES}[net.fault] if net.fault else None)
        self._arrives(self.peer.accept())

    def _arrives(self, data):
        due = self._net.clock.passed_ms + LATENCY_MS
        if data:
            self.incoming.append((due, data))
        if self.peer.closed:
            self.incoming.append((due, b""))

    def _check(self):
        assert self.timeout == 0, "it would wait"
        if self.closed:
            raise OSError(EBADF)

    def read(self, count):
        """At most `count` bytes; None when there are none, b"" at the end."""
        self._check()
        assert 0 < count <= BUFFER, "it would read to the end, or all at once"
        if self.peer and not self.incoming:
            self._arrives(self.peer.flood())
        if not self.incoming or self.incoming[0][0] > self._net.clock.passed_ms:
            return None
        due, data = self.incoming[0]
        if isinstance(data, OSError):
            raise data
        rest = memoryview(data)[count:]
        if len(rest):
            self.incoming[0] = (due, rest)
        elif data:
            del self.incoming[0]
        return bytes(data[:count])

    def write(self, view):
        """-> how many bytes were taken, None for none."""
        self._check()
        if self.peer and self.peer.closed:
            raise OSError(ECONNRESET)
        taken = bytes(view[: self._net.room])
        if not taken:
            return None
        self.sent.append(taken)
        if self.peer:
            self._arrives(self.peer.receive(taken))
        return len(taken)

    def close(self):
        self.closed = True
