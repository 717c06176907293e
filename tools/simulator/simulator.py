"""The face for tests and for the command line: a Battery, a pty, and the thread that serves it."""

import os
import select
import threading
import time

from .battery import POWER_CYCLE_S, Battery
from .group import Group
from .model import EMPTY, RTN_06, UNREACHABLE
from .port import BAUDS, Pty

LONGEST_WAIT_S = 60.0


class Simulator:
    """A simulated Pylontech group on a pty; `sim.path` is what a user opens.

    packs 1 … 16, cells 8 … 16, temperatures 1 … 8, wide (3-byte capacities), capacity mAh, ambient °C: one value, or a
    sequence with one a pack. baud: where it starts. paced: 10 bit times a character and turnaround_ms, else at once.
    address: ADR it answers to. maker, device, version ("2.3"), protocol (VER), infoflag, extra_alarm_byte: what it
    says. dialect: framed, or console with `console`, a dict of firmware (us2000c, us5000, us5000-v2, pytes), asleep
    (silent until it is woken at 1200 baud), pager (lines). charge_speed: seconds of charging that pass in a second.
    garbage: the user gets some at the wrong rate. speed: how many times as fast everything goes: the line, a power
    cycle, the seconds of a fault. clock: seconds, monotonic; what is told is in its time, whatever the speed. log,
    on_truth: called with a line of text, with a record of the truth. truth_limit: so many records are kept at least
    (for soaks; default all).

    Use as a context manager, or start() and close(). All methods may be called from any thread.
    """

    def __init__(self, packs=2, cells=15, temperatures=5, seed=1, wide=False, capacity=None, ambient=23.0,
                 charge_speed=1.0, baud=None, paced=True, clock=time.monotonic, speed=1, **options):
        self.clock = clock if speed == 1 else lambda: clock() * speed
        group = Group(packs, seed, charge_speed, self.clock(), cells=cells, temperatures=temperatures, wide=wide,
                      capacity=capacity, ambient=ambient)
        if baud is not None and baud not in BAUDS:
            raise ValueError(f"no battery listens at {baud} baud")
        self.seed, self.speed, self.path = seed, speed, None
        self.battery = Battery(group, self.clock, seed, baud, paced, stamp=clock, **options)
        self.group = group
        self._lock = threading.RLock()
        self._pty = self._thread = self._wake_read = self._wake_write = None

    # what it has seen

    @property
    def baud(self):
        """The rate that the battery listens at."""
        return self.battery.baud

    @property
    def truth(self):
        """Truth(time, kind, pack, values) of every reply as built, before any fault; kinds of a pack: analog, alarm,
        management, serial, and as text mos, pwr, bat, info, stat; of none: parameters, protocol, manufacturer, count,
        rate, packs."""
        return self.battery.truth

    @property
    def counts(self):
        """Counter: how often each fault struck; requests, replies, unread (lines that are no request); in bytes: deaf
        (at the wrong rate), unheard (off or unplugged)."""
        return self.battery.counts

    @property
    def forbidden(self):
        """Forbidden(time, cid2, line): requests off the read list. Must stay empty."""
        return self.battery.forbidden

    @property
    def fault_log(self):
        """Span(name, start, end) of every fault; end is None while it is on."""
        return [span.slowed(self.speed) for span in self.battery.fault_log]

    def snapshot(self, pack):
        """What pack holds now, in the units of the truth: the analog values, `alarm`, `management`, `serial`."""
        with self._lock:
            self.group.advance(self.clock())
            one = self.group.pack(pack)
            return {**one.analog(), "alarm": one.alarm(), "management": one.management(), "serial": one.serial}

    # what is done to it

    def set(self, pack, **values):
        """Fixes values of a pack (model.FIXABLE): mV, mA, mAh, 0.1 °C; None lets one go again."""
        with self._lock:
            self.group.pack(pack).override(**values)

    def alarm(self, pack, name, cell=None, sensor=None, on=True):
        """Switches an alarm or status bit (alarms.NAMES) of a pack on or off; cell and sensor count from 1."""
        with self._lock:
            self.group.pack(pack).alarms.ask(name, cell, sensor, on)

    def clear_alarms(self, pack):
        """Ends all that alarm() asked for."""
        with self._lock:
            self.group.pack(pack).alarms.clear()

    def add_pack(self, **options):
        """One more pack at the end, as the others unless options say so; -> its number."""
        with self._lock:
            self.group.add(**options)
            return len(self.group.packs)

    def remove_pack(self, pack=None):
        """A pack leaves the group (default: the last); those behind it move up."""
        with self._lock:
            self.group.remove(pack)

    def absent(self, pack, empty=False):
        """A pack that is counted but not there: RTN 06H, or RTN 00H with empty INFO."""
        with self._lock:
            self.group.pack(pack).missing = EMPTY if empty else RTN_06

    def unreachable(self, pack):
        """A slave that the master cannot reach: RTN 91H."""
        with self._lock:
            self.group.pack(pack).missing = UNREACHABLE

    def present(self, pack):
        """Ends absent() and unreachable()."""
        with self._lock:
            self.group.pack(pack).missing = None

    def fault(self, name, rate=None, seconds=None, **args):
        """Switches a fault on (faults.FAULTS), for `seconds` or until clear(); rate 0 … 1 (default 0.3).

        Arguments: rtn code, lacks cid2 (both also as "rtn:06", "lacks:44"), wrong_rate baud, power_cycle off_s, late
        and split pause (s). power_cycle and wrong_rate happen at once, and with a rate again at a request.
        """
        self._do(self.battery.fault, name, rate, seconds, **args)

    def clear(self, name=None):
        """Ends a fault, or all of them."""
        self._do(self.battery.clear, name)

    def misbehave(self, seed=None):
        """A seeded mixture of faults that come and go."""
        self._do(self.battery.misbehave, self.seed if seed is None else seed)

    def power_cycle(self, seconds=POWER_CYCLE_S):
        """Off and on: silent for `seconds`, then at 1200 baud."""
        self._do(self.battery.power_cycle, seconds)

    def update(self, dialect="console", **options):
        """Newer firmware, in mid-life: speaks text from now on; options firmware, asleep, pager. Or `framed` again."""
        self._do(self.battery.update, dialect, **options)

    def unplug(self):
        """Takes the cable out."""
        self.battery.plugged = False

    def plug(self):
        """Puts the cable back."""
        self.battery.plugged = True

    # the thread

    def start(self):
        """Opens the pty and serves it; -> self."""
        self._pty = Pty()
        self.path = self._pty.path
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="battery", daemon=True)
        self._thread.start()
        return self

    def close(self):
        """Ends the thread and gives pty and pipe back; may be called twice."""
        if self._thread is None:
            return
        thread, self._thread = self._thread, None
        self._wake(b"q")
        thread.join()
        self._pty.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        self._wake_write = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.close()

    def _do(self, method, *args, **named):
        """A change that the thread has to know of, since the next thing may be due sooner."""
        with self._lock:
            method(*args, **named)
        self._wake(b"w")

    def _wake(self, byte):
        if self._wake_write is not None:
            os.write(self._wake_write, byte)

    def _run(self):
        while True:
            with self._lock:
                self._serve()
                due = self.battery.due()
            wait = LONGEST_WAIT_S if due is None else max(0.0, due - self.clock()) / self.speed
            ready = select.select([self._pty.master, self._wake_read], [], [], wait)[0]
            if self._wake_read in ready and b"q" in os.read(self._wake_read, 64):
                return
            if self._pty.master in ready:
                with self._lock:
                    self.battery.receive(self.clock(), self._pty.read(), self._pty.rate())

    def _serve(self):
        out, finished = self.battery.take(self.clock(), self._pty.rate())
        if out:
            self._pty.write(out)
        for done in finished:
            done()
