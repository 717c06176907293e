"""A long life in a short time: main.py and all behind it, on MicroPython, in a world of stand-ins.

`micropython soak_on_micropython.py CYCLES`, in the directory that main.py and firmware/ were laid out in. Time is
simulated, and its ticks begin anew in the middle. Now and then the battery damages a reply or falls silent, the broker
closes the connection or sends a command, the Wi-Fi goes. Prints `soak:` and the figures at the end.
"""

import gc
import sys

from soak_replies import REPLIES  # question -> its possible answers

PERIOD = 1 << 30  # of the ticks
PUBLISH_RATE_S = 15  # of config.json
TICK_MS = 50  # the loop's longest sleep; here it takes a second
OUTAGE_MS = 45_000
WINDOW = 5  # cycles, of whose rounds the one with the least memory in use counts: it is between two cycles


class World:
    """What happens when, in cycles; `events` come round after round, and twice before the first measurement."""

    def __init__(self, cycles):
        self.wanted = cycles
        self.cycles = 0
        self.step = cycles // 20
        self.first = cycles // 10
        self.heaps = {}  # cycle -> least bytes in use
        self.resets = 0

    def phase(self, share):
        """True in the two cycles that come so far (0 … 1) behind the begin of a round of events."""
        return 0 <= self.cycles % self.step - int(self.step * share) < 2

    def feed(self):
        """The watchdog's: once a round of the loop."""
        for begin in (self.first, self.wanted):
            if begin <= self.cycles < begin + WINDOW:
                gc.collect()
                self.heaps[begin] = min(gc.mem_alloc(), self.heaps.get(begin, 1 << 30))
        if self.cycles >= self.wanted + WINDOW:
            raise KeyboardInterrupt


class Time:
    """The module time."""

    def __init__(self, ticks):
        self._ticks = ticks % PERIOD
        self.wraps = 0

    def sleep_ms(self, ms):
        self._ticks += 20 * ms if ms == TICK_MS else ms
        if self._ticks >= PERIOD:
            self._ticks -= PERIOD
            self.wraps += 1

    def sleep(self, seconds):
        self.sleep_ms(int(1000 * seconds))

    def ticks_ms(self):
        return self._ticks

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % PERIOD

    def ticks_diff(self, end, start):
        return (end - start + PERIOD // 2) % PERIOD - PERIOD // 2


class Uart:
    """machine.UART with a battery behind it."""

    def __init__(self, *_, **__):
        self._waiting = b""
        self._asked = 0
        self._silent_until = None

    def init(self, **_):
        self._waiting = b""

    def write(self, question):
        self._asked += 1
        if question[7:9] == b"42" and question[13:15] == b"01" and question != world.last:
            world.cycles += 1
            if world.phase(0.4):
                self._silent_until = time.ticks_add(time.ticks_ms(), OUTAGE_MS)
        world.last = question
        if self._silent_until is not None:
            if time.ticks_diff(self._silent_until, time.ticks_ms()) > 0:
                return
            self._silent_until = None
        answers = REPLIES[bytes(question)]
        answer = answers[world.cycles % len(answers)]
        self._waiting += answer if self._asked % 37 else answer[:20] + b"0" + answer[20:]

    def readinto(self, view):
        count = min(len(view), len(self._waiting))
        view[:count] = self._waiting[:count]
        self._waiting = self._waiting[count:]
        return count or None


class Watchdog:
    def __init__(self, timeout):
        self.feed = world.feed


class Rtc:
    def memory(self, data=None):
        if data is not None:
            world.memory = bytes(data)
        return world.memory


class Machine:
    PWRON_RESET = 1
    UART, WDT, RTC = Uart, Watchdog, Rtc

    @staticmethod
    def reset():
        world.resets += 1
        raise KeyboardInterrupt

    @staticmethod
    def reset_cause():
        return 1

    @staticmethod
    def unique_id():
        return b"\1\2\3\4\5\6"


class Station:
    PM_NONE = 0

    def active(self, on=None):
        return True

    def config(self, **_):
        pass

    def connect(self, ssid, key):
        pass

    def disconnect(self):
        pass

    def isconnected(self):
        return not world.phase(0.6)

    def status(self, what=None):
        return -60

    def ifconfig(self):
        return ("127.0.0.1",)


class Network:
    STA_IF = 0

    station = Station()

    def WLAN(self, _):
        return self.station

    def hostname(self, name):
        pass


class Broker:
    """A socket with a broker at its other end, which drops the connection and sends a command now and then."""

    def __init__(self):
        self._in = b""
        self._out = b""
        self._since = self._told = world.cycles

    def settimeout(self, seconds):
        pass

    def connect(self, address):
        pass

    def close(self):
        pass

    def read(self, count):
        if world.phase(0.8) and world.cycles != self._since:
            return b""
        if world.phase(0.2) and world.cycles != self._told:
            self._told = world.cycles
            self._out += COMMAND
        some, self._out = self._out[:count], self._out[count:]
        return some or None

    def write(self, view):
        self._in += bytes(view)
        while True:
            length = shift = 0
            at = 1
            while at < len(self._in):
                length |= (self._in[at] & 0x7F) << shift
                shift += 7
                at += 1
                if not self._in[at - 1] & 0x80:
                    break
            if at < 2 or len(self._in) < at + length or self._in[at - 1] & 0x80:
                return len(view)
            self._answer(self._in[0] >> 4, self._in[at : at + length])
            self._in = self._in[at + length :]

    def _answer(self, kind, body):
        if kind == 1:
            self._out += b"\x20\x02\0\0"
            world.connects += 1
        elif kind == 8:
            self._out += b"\x90\x03" + body[:2] + b"\0"
        elif kind == 12:
            self._out += b"\xd0\0"
        elif kind == 3:
            world.published += 1


def _publish(topic, payload):
    body = bytes((0, len(topic))) + topic + payload
    return bytes((0x30, len(body))) + body


class Socket:
    SOCK_STREAM = 1
    socket = Broker

    @staticmethod
    def getaddrinfo(*_):
        return [(0, 0, 0, "", ("127.0.0.1", 1883))]


COMMAND = _publish(b"PylonToMQTT/Main/cmnd/x", b'{"status":1}')
world = World(int(sys.argv[1]))
world.published = world.connects = 0
world.last = world.memory = b""
time = Time(-world.wanted * PUBLISH_RATE_S * 1000 // 2)
for name, module in (("time", time), ("machine", Machine), ("network", Network()), ("socket", Socket)):
    sys.modules[name] = module
execfile("main.py")  # noqa: F821
first, last = world.heaps[world.first], world.heaps[world.wanted]
print(f"soak: cycles {world.cycles} published {world.published} connects {world.connects} wraps {time.wraps}", end=" ")
print(f"resets {world.resets} heap {first} {last}")
