"""The module `socket` of an ESP32 on a fakes.Clock, a broker behind it that can do what mosquitto cannot, and both
umqtt.simple on CPython.
"""

from __future__ import annotations

import binascii
import struct
import sys
import types
from collections import namedtuple

from tools import environment

SOCKETS = 10
BUFFER = 1024  # more than that at once is too much for a small heap
LATENCY_MS = 3
ANSWERS, REFUSES, DEAD = "answers", "refuses", "dead"  # what a connection meets
GO_ON, HANG_UP, SILENT, FLOOD = "go on", "hang up", "silent", "flood"
ACCEPTED, CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 0x00, 0x10, 0x30, 0x80, 0xC0, 0xE0
ENFILE, EBADF, ECONNRESET, ECONNREFUSED, ETIMEDOUT, NO_NAME = 23, 9, 104, 111, 116, -202  # lwIP's
CONNACK, PINGRESP = b"\x20\x02\0\0", b"\xd0\0"

# kind: upper half of the first byte. topic: of a CONNECT all behind its length. id: of a SUBSCRIBE.
Packet = namedtuple("Packet", "kind topic payload retain id", defaults=(None,) * 4)

# What releases after 1.3.4 do otherwise, as far as whoever stands below them can see
LATER = (
    ("clean_session=True", "clean_session=True, timeout=None"),
    ("self.sock = socket.socket()", "self.sock and self.sock.close(); self.sock = socket.socket(); "
                                    "self.sock.settimeout(timeout)"),
    ("        elif op & 6 == 4:\n            assert 0\n", "        assert op & 6 != 4\n        return op\n"),
)  # fmt: skip
UMQTT = ("1.3.4", "later")


def umqtt(which, transport):
    """-> a fresh module umqtt.simple over `transport`; `which`: one of UMQTT."""
    source = (environment.umqtt_dir() / "umqtt" / "simple.py").read_text()
    for old, new in LATER if which == "later" else ():
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    lent = {"usocket": transport, "ustruct": struct, "ubinascii": binascii}
    before = {name: sys.modules.get(name) for name in lent}
    sys.modules.update(lent)
    module = types.ModuleType("umqtt.simple")
    try:
        exec(source, vars(module))
    finally:
        for name, old in before.items():
            sys.modules.pop(name) if old is None else sys.modules.update({name: old})
    return module


class Net:
    """The module. `way`: what a connection meets; `name_known`: does the DNS answer; `room`: bytes that one write
    takes; `fault`: (at which packet, what is sent instead of the answer, what happens then) in the connections to
    come, or None.
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


class FakeSocket:
    """One socket, and the broker at its other end. `incoming`: [(when, data)] by clock.passed_ms; b"" is the end, an
    OSError is raised. `packets`: what the broker heard. `silent`, `hung_up`: so it is from now on.
    """

    def __init__(self, net):
        self._net = net
        self._at, self._instead, self._then = net.fault or (None, b"", GO_ON)
        self._buffer = b""
        self.timeout = None  # for ever
        self.closed = self.silent = self.hung_up = False
        self.incoming, self.packets = [], []
        self.sent = []  # what each write took

    # as a socket

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
        self._answer(ACCEPTED)

    def read(self, count):
        """At most `count` bytes; None when there are none, b"" at the end."""
        self._check()
        assert 0 < count <= BUFFER, "it would read to the end, or all at once"
        if not self.incoming:
            self._say(self._instead if self._then == FLOOD and self._at is None else b"")
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
        if self.hung_up:
            raise OSError(ECONNRESET)
        taken = bytes(view[: self._net.room])
        if not taken:
            return None
        self.sent.append(taken)
        self._buffer += b"" if self.silent else taken
        while not (self.silent or self.hung_up) and (packet := self._next_packet()):
            self.packets.append(packet)
            self._answer(packet.kind, packet.id)
        return len(taken)

    def close(self):
        self.closed = True

    def _check(self):
        assert self.timeout == 0, "it would wait"
        if self.closed:
            raise OSError(EBADF)

    # as a broker

    def _answer(self, kind, packet_id=None):
        if kind == self._at:
            self._at = None  # once a connection
            self.silent, self.hung_up = self._then == SILENT, self._then == HANG_UP
            self._say(self._instead)
        else:
            self.hung_up = kind == DISCONNECT
            suback = b"\x90\x03%s\0" % (packet_id or b"")
            self._say({CONNECT: CONNACK, SUBSCRIBE: suback, PINGREQ: PINGRESP}.get(kind, b""))

    def _say(self, data):
        due = self._net.clock.passed_ms + LATENCY_MS
        if data:
            self.incoming.append((due, data))
        if self.hung_up:
            self.incoming.append((due, b""))

    def _next_packet(self):
        """-> the next whole Packet, or None. IndexError, struct.error for what is none."""
        size, at, more = 0, 1, True
        while more:
            if at >= len(self._buffer):
                return None
            size |= (self._buffer[at] & 127) << 7 * (at - 1)
            more = self._buffer[at] > 127
            at += 1
        if len(self._buffer) < at + size:
            return None
        head, body, self._buffer = self._buffer[0], self._buffer[at : at + size], self._buffer[at + size :]
        kind = head & 0xF0
        if kind == PUBLISH:
            topic, payload = _text(body)
            return Packet(kind, topic, payload, bool(head & 1))
        if kind == SUBSCRIBE:
            return Packet(kind, _text(body[2:])[0], id=body[:2])
        return Packet(kind, body if kind == CONNECT else None)


def _text(body):
    """-> a text with its length before it, and what comes behind it."""
    size = int.from_bytes(body[:2], "big")
    assert len(body) >= 2 + size, f"a text of {size} bytes in {body!r}"
    return body[2 : 2 + size], body[2 + size :]


def publish(topic, payload, retain=False, qos=0):
    """A PUBLISH as bytes; with QoS 1 and 2 its packet id is 1."""
    body = len(topic).to_bytes(2, "big") + topic + (b"\0\1" if qos else b"") + payload
    length, size = b"", len(body)
    while size > 127:
        length, size = length + bytes((size & 127 | 128,)), size >> 7
    return bytes((PUBLISH | qos << 1 | retain,)) + length + bytes((size,)) + body
