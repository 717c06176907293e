"""The whole way at a glance: a broker, a simulated battery and the firmware, and what arrives, live on the screen.

With --port it is a real battery. With --board the firmware is deployed to a virtual board, set up and started there;
each step is shown with its command. Nothing has to be installed before. Not on a terminal: one line a reading. Ctrl-C
ends all of it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import account, environment, monitor, show
from tools.broker import Broker, BrokerError
from tools.demo_battery import DemoBattery
from tools.demo_board import BoardError, DemoBoard
from tools.demo_options import PACKS, parsed
from tools.firmware_process import ENDED, LINE, FirmwareProcess
from tools.heard import Heard

STATUS_EVERY_S = 5  # asked for, so that health is fresh: by itself it comes once a minute
RETAINED_S = 1  # until what is retained has come
LAST_WORD_S = 3  # for the last health before the end, and for Offline
FIRMWARE, BATTERY = "firmware", "battery"
HINT = "The firmware starts, connects to the broker, and looks for the battery: a few seconds."
PANES = {FIRMWARE: "Firmware", BATTERY: "Battery"}


class DemoError(Exception):
    """The demo cannot run; the text says why, and what to do."""


def main(arguments=None):
    """-> exit status: 0 when readings of all packs arrived, and with the simulated battery none was wrong; else 1."""
    options = parsed(arguments, __doc__)
    environment.ensure()
    events = queue.SimpleQueue()
    show.signals_to(events)
    try:
        with tempfile.TemporaryDirectory(prefix="demo-") as directory, contextlib.ExitStack() as stack:
            return Demo(options, events, directory, stack).run()
    except (DemoError, BoardError, BrokerError, monitor.Unreachable, environment.SetupError) as error:
        print(f"demo: {error}", file=sys.stderr)
    except BrokenPipeError:  # whoever read this has gone
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    return 1


class Demo:
    """All that runs, started one after the other, and ended in the opposite order by `stack`. `events`: the queue that
    all of them speak into.
    """

    def __init__(self, options, events, directory, stack):
        self._options, self._events, self._directory, self._stack = options, events, directory, stack
        self._heard = Heard(options.root, options.rack)
        self._heard.hint = HINT
        self._battery = self._listener = self._firmware = self._output = self._handler = None
        self._began = time.monotonic()
        self._ended = None
        self._asked_at = self._ran_s = 0.0

    def run(self):
        """-> exit status."""
        where = self._start_broker()
        port = self._start_battery()
        self._start_listener(where)
        if self._options.board:
            self._start_board(where, port)
        else:
            self._start_firmware(where, port)
        if show.on_terminal() and not self._options.board:  # its picture would hide the steps
            self._output = show.Terminal(self._heard, PANES)
        else:
            self._output = show.Lines(self._heard, self._stamp, log=False)
        self._handler = monitor.Handler(self._heard, self._output)
        until = None if self._options.seconds is None else self._began + self._options.seconds
        with self._output:
            show.watch(self._events, self._handle, self._tick, until)
            self._last_health()
        self._stop_firmware()
        return self._account()

    # -- what runs -------------------------------------------------------------------------------------------------

    def _start_broker(self):
        """-> (host, port)."""
        if self._options.broker:
            host, port = self._options.broker
            _say(f"broker at {host}:{port}; what is retained under {self._heard.prefix} will stay there")
            return host, port
        broker = self._stack.enter_context(Broker(self._directory))
        _say(f"broker at {broker.host}:{broker.port} ({broker.name})")
        return broker.host, broker.port

    def _start_battery(self):
        """-> path of the serial port."""
        options = self._options
        if options.port:
            _say(f"battery at {options.port}")
            return options.port
        battery = DemoBattery(options.packs or PACKS, options.seed, options.speed, options.faults,
                              options.firmware if options.dialect == "console" else None, options.worn)  # fmt: skip
        self._battery = self._stack.enter_context(battery)
        _say(f"battery at {battery}")
        return battery.path

    def _start_listener(self, where):
        options = self._options
        password = monitor.password(options) if options.broker else None
        topics = self._heard.subscriptions()
        self._listener = monitor.Listener(self._events, *where, options.broker and options.user, password, topics)
        self._stack.enter_context(self._listener)
        self._listener.wait()
        if options.broker:
            self._look_for_others()

    def _look_for_others(self):
        """DemoError where another device already publishes as this rack at a broker that is not ours."""
        heard = self._heard
        handler = monitor.Handler(heard, show.Silent())
        show.watch(self._events, lambda *event: handler.handle(*event) or heard.online is not None, lambda: None,
                   time.monotonic() + RETAINED_S)  # fmt: skip
        if heard.online:
            raise DemoError(f"a device already publishes under {heard.prefix} at this broker: choose another --rack")

    def _start_firmware(self, where, port):
        options = self._options
        arguments = ["--pylon_port", port, "--mqtt_host", where[0], "--mqtt_port", str(where[1])]
        arguments += ["--mqtt_root", options.root, "--rack_name", options.rack]
        arguments += ["--publish_rate", str(options.publish_rate)]
        arguments += ["--heap", options.heap] if options.heap else []
        arguments += ["--mqtt_user", options.user] if options.broker and options.user else []
        variables = {"TMPDIR": self._directory}
        if options.broker and monitor.password(options):
            variables[monitor.PASSWORD_VARIABLE] = monitor.password(options)
        self._began = time.monotonic()
        self._firmware = self._stack.enter_context(FirmwareProcess(arguments, variables, self._events))
        _say(f"firmware: MicroPython runs it on this PC, a reading of each pack every {options.publish_rate} s")

    def _start_board(self, where, port):
        board = DemoBoard(self._options, where, port, self._directory, self._events)
        self._firmware = self._stack.enter_context(board)
        self._began = time.monotonic()

    # -- what comes ------------------------------------------------------------------------------------------------

    def _handle(self, kind, *what):
        """One event -> True when it is the end."""
        if kind == LINE:
            self._output.note(FIRMWARE, what[0])
            return False
        if kind == ENDED:
            self._ended = what[0]
            return True
        before = self._heard.readings
        is_end = self._handler.handle(kind, *what)
        if self._heard.readings > before and self._battery:
            topic, payload, at, _ = what
            wrong = self._battery.check(topic, payload, at)
            if wrong:
                self._output.note(BATTERY, wrong)
        return is_end

    def _tick(self):
        """What is due now and then: health asked for, faults begun and told, the picture."""
        if self._heard.online and time.monotonic() - self._asked_at >= STATUS_EVERY_S:
            self._ask_status()
        for name in self._battery.tend(not self._missing()) if self._battery else ():
            self._output.note(BATTERY, f"fault: {name}")
        self._output.refresh()

    def _ask_status(self):
        self._asked_at = time.monotonic()
        self._listener.publish(f"{self._heard.prefix}cmnd/demo", '{"status":true}')

    # -- the end ---------------------------------------------------------------------------------------------------

    def _last_health(self):
        """Counters that speak of the end."""
        heard = self._heard
        if self._ended is None and heard.online:
            self._ask_status()
            self._wait_until(lambda: heard.health_at and heard.health_at >= self._asked_at, self._output.refresh)

    def _stop_firmware(self):
        """In order, and its Offline is waited for. That it ends now is no failure."""
        ended = self._ended
        self._ran_s = time.monotonic() - self._began
        self._firmware.stop()
        if self._heard.online:
            self._wait_until(lambda: self._heard.online is False, lambda: None)
        self._ended = ended

    def _wait_until(self, is_there, tick):
        """LAST_WORD_S at most; another Ctrl-C cuts it short."""
        until = time.monotonic() + LAST_WORD_S
        show.watch(self._events, lambda *event: self._handle(*event) or is_there(), tick, until)

    def _missing(self):
        """Numbers of the packs that no reading came of."""
        expected = self._options.packs or (PACKS if self._battery else self._heard.expected() or 1)
        read = dict(self._heard.read_packs())
        return [number for number in range(1, expected + 1) if number not in read]

    def _account(self):
        """Say what was seen -> exit status."""
        truth, struck = (self._battery.truth, self._battery.struck) if self._battery else (None, None)
        print("\n" + account.summary(self._heard, self._began, self._ran_s, truth, struck), flush=True)
        failures = account.failures(self._missing(), truth, self._ended)
        for text in failures:
            print(f"demo: {text}", file=sys.stderr, flush=True)
        return 1 if failures else 0

    def _stamp(self):
        return f"{time.monotonic() - self._began:6.1f} s"


def _say(text):
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
