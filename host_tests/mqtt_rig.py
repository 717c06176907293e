"""A transport.Transport or a session.Session under either umqtt.simple, on a fakes.Clock: hours of it take a second.
Below them the module `socket` of an ESP32, with a broker behind it that can do what mosquitto cannot.
"""

import binascii
import itertools
import struct
import sys
import types
from unittest import mock

from fakes import PERIOD, Clock

from firmware.log import Log
from firmware.mqtt.session import Session
from firmware.mqtt.transport import Transport
from tools import environment

LATENCY_MS = 3
ROUND_MS = 50  # of the main loop
WAIT_MS, SLACK_MS = 5_000, 5  # of a read, and one look at the line more
CONNECT_MS, STEP_MS = 10_005, 5_100  # the longest passes of a session
BUFFER = 1024  # more than that at once is too much for a small heap
KINDS = {0x10: "CONNECT", 0x30: "PUBLISH", 0x40: "PUBACK", 0x80: "SUBSCRIBE", 0xC0: "PINGREQ", 0xE0: "DISCONNECT"}
EBADF, ECONNRESET, ECONNREFUSED, ETIMEDOUT, EAI_FAIL = 9, 104, 111, 116, -202  # lwIP's
CONNACK, PINGRESP = b"\x20\x02\0\0", b"\xd0\0"
ADDRESS = ("192.0.2.1", 1883)
HUGE = bytes(range(256)) * 4096
SECRET, LWT, COMMANDS = b"s3cret-marker", b"root/rack/tele/LWT", b"root/rack/cmnd/#"
CONNECTED = "info: broker connected"

# What releases after 1.3.4 do otherwise, as far as whoever stands below them can see
LATER = (
    ("self.sock = socket.socket()", "self.sock = socket.socket(); self.sock.settimeout(None)"),
    ("        elif op & 6 == 4:\n            assert 0\n", "        assert op & 6 != 4\n        return op\n"),
)
UMQTT = ("1.3.4", "later")


def umqtt(which, transport):
    """-> a fresh module umqtt.simple over `transport`; `which`: one of UMQTT."""
    source = (environment.umqtt_dir() / "umqtt" / "simple.py").read_text()
    for old, new in LATER if which == "later" else ():
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    module = types.ModuleType("umqtt.simple")
    with mock.patch.dict(sys.modules, usocket=transport, ustruct=struct, ubinascii=binascii):
        exec(source, vars(module))
    return module


def publish(topic, payload, retain=False, qos=0):
    """A PUBLISH as bytes; with QoS 1 and 2 its packet id is 1."""
    body = len(topic).to_bytes(2, "big") + topic + (b"\0\1" if qos else b"") + payload
    length, size = b"", len(body)
    while size > 127:
        length, size = length + bytes((size & 127 | 128,)), size >> 7
    return bytes((0x30 | qos << 1 | retain,)) + length + bytes((size,)) + body


class Net:
    """The module. `fault` in the connections to come, or None: (at which packet, one of KINDS, or "accepted",
    "refuses", "dead", "no name"; what is sent instead of the answer; then "silent", "hang up" or "go on"). `room`:
    bytes that one write takes. `asked`: the DNS, so often. `attempts`: when connections were tried, by clock.passed_ms.
    """

    SOCK_STREAM = 1

    def __init__(self, clock):
        self.clock, self.fault, self.room = clock, None, 1 << 30
        self.sockets, self.asked, self.attempts = [], 0, []

    def open_count(self):
        return len([one for one in self.sockets if not one.closed])

    def getaddrinfo(self, host, port, af, kind):
        assert (af, kind) == (0, self.SOCK_STREAM)
        self.asked += 1
        if self.fault and self.fault[0] == "no name":
            raise OSError(EAI_FAIL)
        return [(2, 1, 0, host, (ADDRESS[0], port))]

    def socket(self):
        self.sockets.append(FakeSocket(self))
        return self.sockets[-1]


class FakeSocket:
    """One socket, and the broker at its other end. `incoming`: [(when, data)] by clock.passed_ms; b"" is the end, an
    OSError is raised. `packets`: (kind, body, retain) that the broker heard; `sent`: what each write took. `silent`,
    `hung_up`: so it is from now on.
    """

    def __init__(self, net):
        self._net, self._buffer = net, b""
        self._at, self._instead, self._then = net.fault or (None, b"", "go on")
        self.timeout = None  # for ever
        self.closed = self.silent = self.hung_up = False
        self.incoming, self.packets, self.sent = [], [], []

    def settimeout(self, seconds):
        self.timeout = seconds

    def connect(self, address):
        assert self.timeout, "it would wait for ever"
        clock = self._net.clock
        self._net.attempts.append(clock.passed_ms)
        if self._at == "refuses":
            raise OSError(ECONNREFUSED)
        if self._at == "dead":
            clock.advance(int(self.timeout * 1000))
            raise OSError(ETIMEDOUT)
        self._answer("accepted")

    def read(self, count):
        """At most `count` bytes; None when there are none, b"" at the end."""
        self._check()
        assert 0 < count <= BUFFER, "it would read to the end, or all at once"
        if not self.incoming or self.incoming[0][0] > self._net.clock.passed_ms:
            return b"" if self.hung_up and not self.incoming else None
        due, data = self.incoming.pop(0)
        if isinstance(data, OSError):
            raise data
        if len(data) > count or not data:  # the end stays
            self.incoming.insert(0, (due, memoryview(data)[count:]))
        return bytes(data[:count])

    def write(self, view):
        """-> how many bytes were taken, None for none."""
        self._check()
        if self.hung_up:
            raise OSError(ECONNRESET)
        taken = bytes(view[: self._net.room])
        if taken:
            self.sent.append(taken)
        self._buffer += b"" if self.silent else taken
        while not (self.silent or self.hung_up) and (packet := self._next_packet()):
            self.packets.append(packet)
            self._answer(*packet[:2])
        return len(taken) or None

    def close(self):
        self.closed = True

    def _check(self):
        assert self.timeout == 0, "it would wait"
        if self.closed:
            raise OSError(EBADF)

    def _answer(self, kind, body=b""):
        if kind == self._at:
            self._at = None  # once a connection
            self.silent, self.hung_up = self._then == "silent", self._then == "hang up"
            said = self._instead
        else:
            self.hung_up = kind == "DISCONNECT"
            said = {"CONNECT": CONNACK, "SUBSCRIBE": b"\x90\x03%s\0" % body[:2], "PINGREQ": PINGRESP}.get(kind, b"")
        due = self._net.clock.passed_ms + LATENCY_MS
        self.incoming += [(due, data) for data in (said, b"") if data or self.hung_up]

    def _next_packet(self):
        """-> (kind, body, retain) of the next whole packet (of less than 16 KB), or None."""
        _, length, more = self._buffer[:3].ljust(3, b"\0")
        size, at = (length & 127 | more << 7, 3) if length > 127 else (length, 2)
        if len(self._buffer) < at + size:
            return None
        whole, self._buffer = self._buffer[: at + size], self._buffer[at + size :]
        return KINDS[whole[0] & 0xF0], whole[at:], bool(whole[0] & 1)


class TransportRig:
    """The ticks of its clock wrap while the test waits. `line` is the last socket."""

    line = property(lambda self: self.net.sockets[-1])

    def __init__(self, tls=None):
        self.clock = Clock(PERIOD - 1_000)
        self.net = Net(self.clock)
        self.transport = Transport(self.net, self.clock, tls)

    def connected(self):
        """Makes a connection with nobody behind it -> self."""
        self.transport.socket()
        self.transport.connect(ADDRESS)
        self.line.silent = True
        return self

    def arrives(self, *pieces, every_ms=0):
        """Lets pieces arrive on the line, the first at once; b"" is the end."""
        self.line.incoming += [(self.clock.passed_ms + n * every_ms, piece) for n, piece in enumerate(pieces)]

    def took_ms(self, step, *arguments):
        """-> what step(*arguments) gave or raised, and how long it took."""
        began = self.clock.passed_ms
        try:
            result = step(*arguments)
        except (OSError, ValueError) as error:
            result = error
        return result, self.clock.passed_ms - began


class Rig(TransportRig):
    """A session. `lines` is the log. `jitter` 0 … 1: what random_below gives. `messages`: what on_message heard."""

    def __init__(self, which="later", subscriptions=(COMMANDS,)):
        super().__init__()
        self.jitter, self.lines, self.messages, self.connects = 0.5, [], [], []
        module = umqtt(which, self.transport)
        arguments = (b"id", "host", 1883, b"owner", SECRET, 60)
        log, random_below = Log("info", self.lines.append), lambda n: int(self.jitter * (n - 1))
        self.session = Session(module.MQTTClient, arguments, module.MQTTException, self.transport, self.clock, log,
                               random_below, LWT, subscriptions)  # fmt: skip
        self.session.on_connect = lambda: self.connects.append(self.clock.passed_ms)
        self.session.on_message = lambda *message: self.messages.append(message)

    def drive(self, seconds, network_up=True, until=lambda: False):
        """Rounds of the main loop for so long, or until until() -> how long it took in s. No pass takes too long."""
        began = self.clock.passed_ms
        while (passed_ms := self.clock.passed_ms - began) < seconds * 1000 and not until():
            attempts, before_ms = len(self.net.attempts), self.clock.passed_ms
            self.session.tend(network_up)
            most_ms = CONNECT_MS if len(self.net.attempts) > attempts else STEP_MS
            assert self.clock.passed_ms - before_ms <= most_ms and self.net.open_count() <= 1
            self.clock.advance(ROUND_MS)
        return passed_ms / 1000

    def warnings(self):
        return [line for line in self.lines if not line.startswith("info")]

    def heard(self, kind="PUBLISH", last=False):
        """-> [(topic, payload, retain)] of packets that the broker heard, of all connections or of the last."""
        at = 4 if kind == "SUBSCRIBE" else 2  # behind the packet's id, and the length of the topic
        found = []
        sockets = [self.line] if last else self.net.sockets
        for one, body, retain in itertools.chain(*[socket.packets for socket in sockets]):
            if one == kind:
                end = at + int.from_bytes(body[at - 2 : at], "big")
                found.append((body[at:end], body[end:], retain))
        return found
