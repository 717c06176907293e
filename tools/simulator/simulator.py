"""The face for tests and for the command line: a Battery, a pty, and the thread that serves it."""

import contextlib
import os
import select
import termios
import threading
import time
import tty
from functools import partial

from .battery import Battery

LONGEST_WAIT_S = 0.05  # until a change, or the end, is noticed
READ_BYTES = 4096
CHANGES = ("fault", "clear", "misbehave", "power_cycle", "update")  # methods of Battery
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
RATES = {getattr(termios, f"B{baud}"): baud for baud in BAUDS}


class Simulator:
    """A simulated group of packs on a pty; `sim.path` is what a user opens. A context manager, or start() and close().

    baud: where it starts (None: as after power on). speed: how many times as fast everything goes: the line, a power
    cycle, the seconds of a fault; what is told is in the time of time.monotonic(), whatever the speed. options: of
    Battery. What it tells (truth, counts, forbidden) and what is done to it (CHANGES), from any thread, is as of
    Battery; fault_log: all faults so far, as of faults.Faults.
    """

    def __init__(self, packs=2, baud=None, speed=1, **options):
        self.speed = speed
        self.battery = Battery(self.clock, packs, baud=baud, stamp=time.monotonic, **options)
        self.group, self.fault_log = self.battery.group, self.battery.faults.log
        self.truth, self.counts, self.forbidden = self.battery.truth, self.battery.counts, self.battery.forbidden
        self._lock, self._is_over = threading.RLock(), threading.Event()
        for name in CHANGES:
            setattr(self, name, partial(self._do, getattr(self.battery, name)))
        self._master, self._slave = os.openpty()  # the slave is kept open, so that nothing breaks while no user has it
        self.path = os.ttyname(self._slave)
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._thread = threading.Thread(target=self._run, name="battery", daemon=True)

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
        """Fixes values and alarms of a pack, as of model.Pack.override()."""
        self._do(self.group.pack(pack).override, **values)

    def start(self):
        """Serves the pty; -> self."""
        self._thread.start()
        return self

    def close(self):
        """Ends the thread and gives the pty back; may be called twice."""
        if not self._is_over.is_set():
            self._is_over.set()
            self._thread.join()
            os.close(self._master)
            os.close(self._slave)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.close()

    def _do(self, method, *args, **named):
        with self._lock:
            method(*args, **named)

    def _rate(self):
        """Bits per second that the user set, or None when it is not one of the usual ones."""
        return RATES.get(termios.tcgetattr(self._master)[5])

    def _run(self):
        battery = self.battery
        while not self._is_over.is_set():
            with self._lock:
                out, due = battery.take(self.clock(), self._rate()), battery.schedule.due()
            if out:
                with contextlib.suppress(BlockingIOError):  # what is left unread for too long is lost
                    os.write(self._master, out)
            wait_s = LONGEST_WAIT_S if due is None else (due - self.clock()) / self.speed
            if select.select([self._master], [], [], max(0.0, min(wait_s, LONGEST_WAIT_S)))[0]:
                with self._lock:
                    battery.receive(self.clock(), os.read(self._master, READ_BYTES), self._rate())
