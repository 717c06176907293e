"""One connection of a broker that can do what mosquitto cannot: hang up, fall silent or talk nonsense at a chosen
moment. Without I/O: bytes in, bytes out.
"""

from __future__ import annotations

import random
from collections import namedtuple

ACCEPTED, CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 0x00, 0x10, 0x30, 0x80, 0xC0, 0xE0
GO_ON, HANG_UP, SILENT, FLOOD = "go on", "hang up", "silent", "flood"
CONNACK = b"\x20\x02\0\0"
PINGRESP = b"\xd0\0"
GARBAGE = random.Random(1).randbytes(400)

# kind: upper half of the first byte. topic, payload, retain: of a CONNECT those of the last will.
Packet = namedtuple("Packet", "kind topic payload retain id user password keepalive", defaults=(None,) * 7)


def length(size):
    """Remaining length as MQTT writes it."""
    out = b""
    while size > 127:
        out += bytes((size & 127 | 128,))
        size >>= 7
    return out + bytes((size,))


def publish(topic, payload, retain=False, qos=0):
    """A PUBLISH as bytes; with QoS 1 and 2 its packet id is 1."""
    body = len(topic).to_bytes(2, "big") + topic + (b"\0\1" if qos else b"") + payload
    return bytes((PUBLISH | qos << 1 | retain,)) + length(len(body)) + body


# name: (at which packet, sent instead of the answer, and then)
FAULTS = {
    "closes at once": (ACCEPTED, b"", HANG_UP),
    "another server, which speaks first": (ACCEPTED, b"SSH-2.0-OpenSSH_9.2\r\n", SILENT),
    "answers nothing to CONNECT": (CONNECT, b"", SILENT),
    "closes after CONNECT": (CONNECT, b"", HANG_UP),
    "half a CONNACK": (CONNECT, CONNACK[:2], SILENT),
    "half a CONNACK, then closes": (CONNECT, CONNACK[:3], HANG_UP),
    "wrong protocol": (CONNECT, b"\x20\x02\0\1", HANG_UP),
    "wrong client id": (CONNECT, b"\x20\x02\0\2", HANG_UP),
    "not available": (CONNECT, b"\x20\x02\0\3", HANG_UP),
    "wrong user": (CONNECT, b"\x20\x02\0\4", HANG_UP),
    "wrong password": (CONNECT, b"\x20\x02\0\5", HANG_UP),
    "a web server": (CONNECT, b"HTTP/1.1 400 Bad Request\r\n\r\n", HANG_UP),
    "garbage instead of CONNACK": (CONNECT, GARBAGE, GO_ON),
    "closes after CONNACK": (CONNECT, CONNACK, HANG_UP),
    "silent after CONNACK": (CONNECT, CONNACK, SILENT),
    "answers nothing to SUBSCRIBE": (SUBSCRIBE, b"", SILENT),
    "closes after SUBACK": (SUBSCRIBE, b"\x90\x03\0\1\0", HANG_UP),
    "refuses SUBSCRIBE": (SUBSCRIBE, b"\x90\x03\0\1\x80", GO_ON),
    "garbage": (PUBLISH, GARBAGE, GO_ON),
    "half a packet": (PUBLISH, publish(b"a/b", b"x" * 90)[:40], SILENT),
    "half a packet, then closes": (PUBLISH, publish(b"a/b", b"x" * 90)[:40], HANG_UP),
    "a length without end": (PUBLISH, b"\x30" + b"\xff" * 5000, GO_ON),
    "a length that is too small": (PUBLISH, b"\x30\x05\0\x09a/b/c/d/exxxx" + bytes(300), GO_ON),
    "a packet that nobody wants": (PUBLISH, b"\x50\x02\0\1", GO_ON),
    "QoS 2": (PUBLISH, publish(b"a/b", b"x", qos=2), GO_ON),
    "a PINGRESP of three bytes": (PUBLISH, b"\xd0\x01\0", GO_ON),
    "a quarter of a gigabyte": (PUBLISH, b"\x30\xff\xff\xff\x7f\0\1t" + bytes(100), GO_ON),
    "a huge PUBLISH, then silence": (PUBLISH, publish(b"a/b", bytes(1_000_000)), SILENT),
    "answers no PINGREQ": (PINGREQ, b"", SILENT),
    "closes at PINGREQ": (PINGREQ, b"", HANG_UP),
}
# Nothing that breaks a connection: (at which packet, sent instead of the answer, and then)
ODDITIES = {
    "a huge PUBLISH": (PUBLISH, publish(b"a/b", bytes(1_000_000)), GO_ON),
    "a flood": (PUBLISH, publish(b"a/b", b"x" * 100) * 20, FLOOD),
    "a PUBLISH with QoS 1": (PUBLISH, publish(b"a/b", b"x", qos=1), GO_ON),
    "an empty PUBLISH": (PUBLISH, publish(b"a", b""), GO_ON),
}


class Peer:
    """One connection. fault: a row of FAULTS or ODDITIES, or None: a good broker, with no memory."""

    def __init__(self, fault=None):
        self._at, self._instead, self._then = fault or (None, b"", GO_ON)
        self._buffer = b""
        self.silent = self.flooding = self.closed = False
        self.packets = []

    def accept(self):
        """-> what is sent before anything was heard."""
        return self._befall() if self._at == ACCEPTED else b""

    def receive(self, data):
        """What came -> what is sent; `closed` says that it hangs up then."""
        if self.silent or self.closed:
            return b""
        self._buffer += data
        out = b""
        while (packet := self._next()) and not (self.silent or self.closed):
            self.packets.append(packet)
            out += self._befall() if packet.kind == self._at else self._answer(packet)
        return out

    def _befall(self):
        if self._then == FLOOD:
            self.flooding = True
        else:
            self._at = None  # once a connection
        self.silent = self._then == SILENT
        self.closed = self._then == HANG_UP
        return self._instead

    def _answer(self, packet):
        if packet.kind == CONNECT:
            return CONNACK
        if packet.kind == SUBSCRIBE:
            return b"\x90\x03" + packet.id + b"\0"
        if packet.kind == PINGREQ:
            return PINGRESP
        self.closed = packet.kind == DISCONNECT
        return b""

    def flood(self):
        """-> more, while it floods."""
        return self._instead if self.flooding else b""

    def _next(self):
        """-> the next whole Packet, or None. ValueError for what is none."""
        size, at, more = 0, 1, True
        while more:
            if at >= len(self._buffer):
                return None
            size |= (self._buffer[at] & 127) << 7 * (at - 1)
            more = self._buffer[at] > 127
            at += 1
        if len(self._buffer) < at + size:
            return None
        head, body = self._buffer[0], self._buffer[at : at + size]
        self._buffer = self._buffer[at + size :]
        return parse(head, body)


def parse(head, body):
    """First byte and body -> Packet."""
    kind = head & 0xF0
    if kind == PUBLISH:
        topic, rest = _text(body)
        return Packet(kind, topic, rest, bool(head & 1))
    if kind == SUBSCRIBE:
        return Packet(kind, _text(body[2:])[0], id=body[:2])
    if kind == CONNECT:
        return _connect(body)
    return Packet(kind)


def _connect(body):
    flags, keepalive = body[7], int.from_bytes(body[8:10], "big")
    present = (True, flags & 4, flags & 4, flags & 0x80, flags & 0x40)  # id, topic and payload of the will, account
    texts, body = [], body[10:]
    for there in present:
        text, body = _text(body) if there else (None, body)
        texts.append(text)
    if body:
        raise ValueError(f"{body!r} behind a CONNECT")
    client, topic, payload, user, password = texts
    return Packet(CONNECT, topic, payload, bool(flags & 0x20), client, user, password, keepalive)


def _text(body):
    """-> a text with its length before it, and what comes behind it."""
    size = int.from_bytes(body[:2], "big")
    if len(body) < 2 + size:
        raise ValueError(f"a text of {size} bytes in {body!r}")
    return body[2 : 2 + size], body[2 + size :]
