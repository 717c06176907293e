"""The face for tests and for the command line: a Battery, a pty, and the thread that serves it."""

import os
import select
import threading
import time
from functools import partial

from .battery import Battery
from .port import BAUDS, Pty

LONGEST_WAIT_S = 60.0
CHANGES = ("fault", "clear", "misbehave", "power_cycle", "update")  # methods of Battery


class Simulator:
    """A simulated group of packs on a pty; `sim.path` is what a user opens.

    baud: where it starts (None: as after power on). speed: how many times as fast everything goes: the line, a power
    cycle, the seconds of a fault; what is told is in the time of time.monotonic(), whatever the speed. options: of
    Battery. What it tells (truth, counts, forbidden) and what is done to it (fault, clear, misbehave, power_cycle,
    update) is as of Battery; fault_log: a faults.Fault for each fault.

    Use as a context manager, or start() and close(). All methods may be called from any thread.
    """

    def __init__(self, packs=2, baud=None, speed=1, **options):
        if baud is not None and baud not in BAUDS:
            raise ValueError(f"no battery listens at {baud} baud")
        self.speed, self.path = speed, None
        self.battery = Battery(self.clock, packs, baud=baud, stamp=time.monotonic, **options)
        self.group = self.battery.group
        self.truth, self.counts, self.forbidden = self.battery.truth, self.battery.counts, self.battery.forbidden
        self.fault_log = self.battery.faults.log
        self._lock = threading.RLock()
        for name in CHANGES:
            setattr(self, name, partial(self._do, getattr(self.battery, name)))
        self._pty = self._thread = self._wake_read = self._wake_write = None

    def clock(self):
        """s that passed for the battery."""
        return time.monotonic() * self.speed

    @property
    def baud(self):
        """The rate that the battery listens at."""
        return self.battery.baud

    def snapshot(self, pack):
        """What pack holds now, in the units of the truth: the analog values, `alarm`, `management`, `serial`."""
        with self._lock:
            self.group.advance(self.clock())
            one = self.group.pack(pack)
            return {**one.analog(), "alarm": one.alarm(), "management": one.management(), "serial": one.serial}

    def set(self, pack, **values):
        """Fixes values of a pack (model.FIXABLE): mV, mA, mAh, 0.1 °C; None lets one go again."""
        self._do(self.group.pack(pack).override, **values)

    def alarm(self, pack, name, cell=None, sensor=None):
        """Switches an alarm or status bit (alarms.NAMES) of a pack on; cell and sensor count from 1."""
        self._do(self.group.pack(pack).alarms.ask, name, cell, sensor)

    def unplug(self):
        """Takes the cable out."""
        self.battery.plugged = False

    def plug(self):
        """Puts the cable back."""
        self.battery.plugged = True

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
        os.write(self._wake_write, b"q")
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
        if self._wake_write is not None:
            os.write(self._wake_write, b"w")

    def _run(self):
        while True:
            with self._lock:
                out = self.battery.take(self.clock(), self._pty.rate())
                due = self.battery.due()
            if out:
                self._pty.write(out)
            wait = LONGEST_WAIT_S if due is None else max(0.0, due - self.clock()) / self.speed
            ready = select.select([self._pty.master, self._wake_read], [], [], wait)[0]
            if self._wake_read in ready and b"q" in os.read(self._wake_read, 64):
                return
            if self._pty.master in ready:
                with self._lock:
                    self.battery.receive(self.clock(), self._pty.read(), self._pty.rate())
