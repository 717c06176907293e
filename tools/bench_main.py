"""Runs on the board as its main program while instructions are counted; the deployed one runs inside as deployed.py.

Nothing here waits, so that the same run takes the same instructions whatever else the PC does: the clock advances only
when the firmware sleeps or looks at it, the battery's answer is there when the question is written, and the broker is a
class. bench.json says what is wanted: {"battery": TCP port, "cycles": when to end, "births": [cycles after which
Home Assistant says that it has started]}.
"""

import io
import json
import socket
import time

import machine
import usocket

FASTER = 20  # a sleep of 50 ms takes a second: few idle rounds between two cycles
LOOK_US = 20  # what a look at the clock takes, else a loop that only looks would never end
END_US = 1_000_000_000  # whatever hangs comes to an end
TOPIC_BYTES = 96  # kept of a packet
POLL, POLL_IN, POLL_OUT = 3, 1, 4
CONNECT, PUBLISH, SUBSCRIBE, PING, DISCONNECT = 0x10, 0x30, 0x80, 0xC0, 0xE0
ANSWERS = {CONNECT: b"\x20\x02\0\0", PING: b"\xd0\0"}
BIRTH = b"\x30\x1c\0\x14homeassistant/statusonline"

with open("bench.json") as file:
    WANTED = json.load(file)


class Done(BaseException):
    """As many cycles are published as were wanted, or the time is over."""


class Clock:
    us = 0


def ticks_us(step_us=LOOK_US):
    Clock.us += step_us
    if Clock.us > END_US:
        raise Done
    return Clock.us


def ticks_ms():
    return ticks_us() // 1000


def sleep_ms(ms):
    ticks_us(ms * 1000 * FASTER)


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


class Uart:
    """Each write() is one message to tools/bench_runs.Battery, which answers with one: rate and length, bytes."""

    line = None

    def __init__(self, id, *args, **settings):
        if Uart.line is None:
            Uart.line = usocket.socket()
            Uart.line.connect(usocket.getaddrinfo("127.0.0.1", WANTED["battery"])[0][-1])
        self._rate = 115200
        self.init(*args, **settings)

    def init(self, baudrate=0, *_, **__):
        self._rate = baudrate or self._rate
        self._reply, self._at = b"", 0

    def write(self, data):
        Uart.line.write(b"%06d%06d" % (self._rate, len(data)))
        Uart.line.write(data)
        size = int(Uart.line.read(6))
        if size:
            self._reply, self._at = self._reply[self._at :] + Uart.line.read(size), 0
        return len(data)

    def any(self):
        return len(self._reply) - self._at

    def read(self, size=None):
        data = self._reply[self._at :] if size is None else self._reply[self._at : self._at + size]
        self._at += len(data)
        return data or None

    def readinto(self, buffer, size=None):
        data = self.read(len(buffer) if size is None else size) or b""
        memoryview(buffer)[: len(data)] = data
        return len(data) or None

    def flush(self, *_):
        return True

    deinit = txdone = flush


class Socket(io.IOBase):
    """A connection to a broker that answers at once, and counts what is published."""

    cycles = readings = configs = 0

    def __init__(self, *_):
        self._inbox = b""
        self._closed = False
        self._left = 0  # bytes of the packet that are still to come
        self._kind = None

    def write(self, data, size=None):
        data = memoryview(data)
        if size is not None:
            data = data[:size]
        at = 0
        while at < len(data):
            if self._kind is None:
                self._kind, self._size, self._shift, self._left, self._head = data[at], 0, 0, -1, b""
                at += 1
            elif self._left < 0:  # in the length of the packet
                self._size |= (data[at] & 0x7F) << self._shift
                self._shift += 7
                self._left = self._size if data[at] < 0x80 else -1
                at += 1
            else:
                part = data[at : at + self._left]
                self._head += bytes(part[: TOPIC_BYTES - len(self._head)])
                self._left -= len(part)
                at += len(part)
            if not self._left:
                self._packet(self._kind & 0xF0, self._head, self._size)
                self._kind = None
        return len(data)

    def _packet(self, kind, head, size):
        if kind == PUBLISH:
            self._published(head[2 : 2 + head[1]], size - 2 - head[1])
        elif kind == SUBSCRIBE:
            self._inbox += b"\x90\x03" + head[:2] + b"\0"
        self._inbox += ANSWERS.get(kind, b"")
        self._closed = kind == DISCONNECT

    def _published(self, topic, size):
        if b"/stat/readings/Pack" in topic:
            Socket.readings += 1
        elif topic.endswith(b"/config"):
            Socket.configs += size > 0
        elif topic.endswith(b"/stat/readings/Rack"):
            Socket.cycles += 1
            if Socket.cycles in WANTED["births"]:
                self._inbox += BIRTH
            if Socket.cycles == WANTED["cycles"]:
                raise Done

    def read(self, size=-1):
        if not self._inbox:
            return b"" if self._closed else None
        count = len(self._inbox) if size < 0 else size
        data = self._inbox[:count]
        self._inbox = self._inbox[count:]
        return data

    def readinto(self, buffer, size=-1):
        data = self.read(len(buffer) if size < 0 else size)
        if data:
            memoryview(buffer)[: len(data)] = data
        return None if data is None else len(data)

    def ioctl(self, request, argument):
        return argument & (POLL_OUT | (POLL_IN if self._inbox or self._closed else 0)) if request == POLL else 0

    send = sendall = write
    connect = settimeout = setblocking = setsockopt = close = lambda *_: None


for function in (ticks_us, ticks_ms, sleep_ms, sleep):
    setattr(time, function.__name__, function)
machine.UART = Uart
socket.socket = Socket
try:
    execfile("deployed.py")  # noqa: F821
except Done:
    print("bench:", Socket.cycles, Socket.readings, Socket.configs)
