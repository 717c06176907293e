"""The battery side in simulated time: a UART with a simulated battery or a script at its other end; a Poller on top."""

from types import SimpleNamespace

from fakes import Clock, Memory

from firmware.battery.console import Console
from firmware.battery.console_line import Line
from firmware.battery.link import Link, Rs485Link
from firmware.battery.pace import Pace, PaceLink
from firmware.battery.poller import Poller
from firmware.battery.pylontech import Pylontech
from firmware.loop import Loop
from firmware.retained import Retained
from tools.simulator.battery import Battery

TICK_MS = 50
ANALOG, ALARM, PARAMETERS, PROBE, MANUFACTURER = 0x42, 0x44, 0x47, 0x4F, 0x51
COUNT, SWITCH, LIMITS, SERIAL = 0x90, 0x91, 0x92, 0x93


class _Uart:
    """machine.UART as far as the link uses it."""

    def __init__(self, clock, rate):
        self._clock, self._rate, self._buffer = clock, rate, b""
        self.written, self.rates = [], []

    def init(self, baudrate):
        self._pump()
        self._rate, self._buffer = baudrate, b""
        self.rates.append(baudrate)

    def readinto(self, view):
        self._pump()
        some, self._buffer = self._buffer[: len(view)], self._buffer[len(view) :]
        view[: len(some)] = some
        return len(some) or None

    def _pump(self):
        """Fetches what came by now into the buffer."""


class BatteryUart(_Uart):
    """Behind it is a Battery of these `options` that lives by the fake clock."""

    def __init__(self, clock, baud=4800, **options):
        super().__init__(clock, baud)
        self.rates.append(baud)
        self.battery = Battery(self.seconds, baud=baud, **options)

    def seconds(self):
        return self._clock.passed_ms / 1000

    def write(self, data):
        self._pump()
        self.written.append((self._clock.passed_ms, self._rate, data))
        self.battery.receive(self.seconds(), data, self._rate)

    def asked(self, since=0):
        """-> the CID2 of all questions, from number `since` on, such as 0x42."""
        return [int(data[7:9], 16) for _, _, data in self.written[since:]]

    def _pump(self):
        self._buffer += self.battery.take(self.seconds(), self._rate)


class AnsweringUart(_Uart):
    """`hears(rate, bytes)` -> what comes back at once; `chatter`: what comes by itself at every rate."""

    def __init__(self, hears=lambda rate, data: b"", chatter=b""):
        super().__init__(None, None)
        self._hears, self._chatter = hears, chatter

    def init(self, baudrate):
        super().init(baudrate)
        self._buffer = self._chatter

    def write(self, data):
        self.written.append((self._rate, data))
        self._buffer += self._hears(self._rate, data)


class ScriptedUart(_Uart):
    """Answers the n-th question with the n-th of `answers`, [(delay in ms, bytes), …]; hears only `at_rate`."""

    def __init__(self, clock, answers=(), at_rate=None):
        super().__init__(clock, None)
        self._answers, self._at_rate = list(answers), at_rate
        self._waiting = []  # (ms, bytes)

    def bring(self, delay_ms, data):
        self._waiting.append((self._clock.passed_ms + delay_ms, data))

    def init(self, baudrate):
        super().init(baudrate)
        self._waiting = []

    def write(self, data):
        self.written.append((self._clock.passed_ms, data))
        if self._answers and self._rate == (self._at_rate or self._rate):
            for delay_ms, answer in self._answers.pop(0):
                self.bring(delay_ms, answer)

    def _pump(self):
        now = self._clock.passed_ms
        self._buffer += b"".join(data for ms, data in self._waiting if ms <= now)
        self._waiting = [row for row in self._waiting if row[0] > now]


class Log:
    """Keeps what the firmware logs: (level, text)."""

    def __init__(self):
        self.lines = []
        for level in ("error", "warning", "info"):
            setattr(self, level, lambda text, *values, level=level: self.lines.append((level, text % values)))

    def texts(self, level):
        return [text for one, text in self.lines if one == level]


class Sink:
    """Remembers what it is told, and when."""

    def __init__(self, clock):
        self._clock = clock
        self.told, self.readings, self.cycles = [], [], []

    def publish_detail(self, kind, pack, answer):
        self.told.append((kind, pack, answer))

    def reading(self, reading):
        self.readings.append((self._clock.passed_ms, reading))

    def cycle(self, missed, cycle_ms):
        self.cycles.append((self._clock.passed_ms, missed and list(missed), cycle_ms))


class House:
    """A Poller as app.py builds it for the setting `dialect`, at a battery that `speaks` at `baud`; rate `wanted`."""

    def __init__(self, packs=2, rate_s=10, baud=4800, wanted=4800, ticks=0, dialect="framed", retained=None,
                 speaks="framed", **options):  # fmt: skip
        self.clock = Clock(ticks)
        self.uart = BatteryUart(self.clock, baud, packs=packs, dialect=speaks, **options)
        self.battery, self.log, self.sink = self.uart.battery, Log(), Sink(self.clock)
        self.retained = retained or Retained(Memory())
        self.restarts = -1
        self._settings = dialect, 1000 * rate_s, wanted, options.get("group_number", 0)
        self._restart()

    def _restart(self):
        self.restarts += 1
        (setting, rate_ms, baud, group), uart, clock = self._settings, self.uart, self.clock
        name = self.retained.dialect if setting == "auto" else setting
        dialect = {
            "console": lambda: Console(Line(uart, clock)), "pace": lambda: Pace(PaceLink(uart, clock, baud)),
            "rs485": lambda: Pylontech(Rs485Link(uart, clock, baud, group), name),
        }.get(name, lambda: Pylontech(Link(uart, clock, baud)))()  # fmt: skip
        self.poller = Poller(dialect, clock, self.log, rate_ms, baud, setting == "auto", group)
        session = SimpleNamespace(close=lambda: None)
        loop = Loop(self._restart, self.retained, clock, self.log, None, session, self.poller, None, None, None)
        self.poller.sink, self.poller.on_found = self.sink, loop.found
        self.link = dialect.link

    def run(self, seconds, until=lambda: False, updates=False):
        """Steps as the main loop does, during an update where it `updates` -> self."""
        end_ms = self.clock.passed_ms + 1000 * seconds
        while self.clock.passed_ms < end_ms and not until():
            before = self.clock.passed_ms
            wait_ms = self.poller.step(updates)
            assert self.poller.alive() or self.clock.passed_ms - before > 60_000
            assert self.clock.passed_ms - before <= 10_000  # a bounded step
            if wait_ms:
                self.clock.sleep_ms(min(wait_ms, TICK_MS))
        return self

    def settled(self):
        """Until every seldom question was asked."""
        begun = self.clock.passed_ms
        self.run(600, lambda: self.sink.cycles and not self.poller.searching and not self.poller._questions.due)
        assert self.clock.passed_ms < begun + 600_000
        return self

    def questions(self, since_ms=0):
        """[(ms, CID2, pack or None)] of all that was asked."""
        return [(ms, int(data[7:9], 16), int(data[13:15], 16) if data[10:13] == b"002" else None)
                for ms, _, data in self.uart.written if ms >= since_ms]  # fmt: skip

    def starts(self, since_ms=0):
        """When cycles began: ms of each first question to pack 1."""
        return [ms for ms, cid2, pack in self.questions(since_ms) if (cid2, pack) == (ANALOG, 1)]

    def wire_ms(self):
        """What a cycle without seldom questions takes."""
        return min(end - max(start for start in self.starts() if start < end) for end, _, _ in self.sink.cycles)

    def slow_ms(self):
        """The longest seldom question: an identity of pack 1, of so many characters."""
        return (3 * 18 + 2 + 18 + 52 + 82) * 10_000 // self.battery.baud + 3 * 20

    def packs_read(self, since_ms=0):
        return [reading.pack for ms, reading in self.sink.readings if ms >= since_ms]

    def kinds(self, since=0):
        """[(kind, pack)] of the details that the sink was told, from number `since` on."""
        return [(kind, pack) for kind, pack, _ in self.sink.told[since:]]
