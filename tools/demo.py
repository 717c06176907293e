"""The whole way at a glance: a broker, a simulated battery and the firmware, and what arrives, live on the screen.

With --port it is a real battery. With --board the firmware is deployed to a virtual board, set up and started there;
each step is shown with its command. Nothing has to be installed before. Not on a terminal: one line a reading. Ctrl-C
ends all of it.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, demo_battery, environment, monitor, options, show
from tools.broker import Broker
from tools.demo_board import ENDED, LINE, DemoBoard
from tools.heard import Heard
from tools.process import Process
from tools.simulator.battery import DIALECTS
from tools.simulator.console_text import FIRMWARE as CONSOLES

PUBLISH_RATE_S = 5
PACKS, MAX_PACKS = 2, 16
NOT_AT_A_CONSOLE = ("rs485", "pace")  # auto tries them last: here the firmware is told
STATUS_EVERY_S = 5  # asked for, so that health is fresh: by itself it comes once a minute
RETAINED_S = 1  # until what is retained has come
LAST_WORD_S = 3  # for the last health before the end, and for Offline
FIRMWARE, BATTERY = "firmware", "battery"
HINT = "The firmware starts, connects to the broker, and looks for the battery: a few seconds."
PANES = {FIRMWARE: "Firmware", BATTERY: "Battery"}


def main(arguments=None):
    """-> exit status: 0 when readings of all packs arrived, and with the simulated battery none was wrong; else 1."""
    given = parsed(arguments)
    environment.ensure()
    events = queue.SimpleQueue()
    show.signals_to(events)

    def work():
        with tempfile.TemporaryDirectory(prefix="demo-") as directory, contextlib.ExitStack() as stack:
            return Demo(given, events, directory, stack).run()

    return options.guarded("demo", work)


def parsed(arguments=None):
    """The options of these arguments; ends the program where they do not fit together."""
    parser = options.parser("demo.py", __doc__)
    add = parser.add_argument
    add("--packs", type=int, metavar="N", help=f"packs of the simulated battery, 1 to {MAX_PACKS} (default {PACKS})")
    add("--seconds", type=float, metavar="N", help="end so long after the firmware began (default: at Ctrl-C)")
    add("--port", metavar="PORT", help="a real battery at this serial port, such as /dev/ttyUSB0")
    add("--board", action="store_true",
        help="deploy to a virtual board, set it up over its serial port, let it publish")  # fmt: skip
    add("--update", action="store_true", help="with --board: over the broker a newer version, then one that crashes")
    add("--dialect", choices=tuple(DIALECTS), help="what the simulated battery speaks (default framed)")
    add("--firmware", choices=tuple(CONSOLES), help=f"whose text console it is (default {demo_battery.CONSOLE})")
    options.add_broker(parser)
    add("--worn", action="store_true", help="its packs hold less than is printed on them")
    add("--publish-rate", type=int, default=PUBLISH_RATE_S, metavar="S", help="of the firmware (default %(default)s)")
    add("--faults", action="store_true", help="the simulated battery misbehaves in all the ways that were ever seen")
    add("--seed", type=int, default=1, help="the same seed gives the same simulated battery (default %(default)s)")
    add("--speed", type=float, default=1.0, metavar="X", help="how fast it charges (default %(default)s, a real one)")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the firmware; repeatable")
    add("--heap", metavar="SIZE", help="MicroPython's heap (such as 120k (default: as an ESP32))")
    given = parser.parse_args(arguments)
    own_broker = given.broker or given.user or given.password
    for wrong, text in (
        (given.packs is not None and not 1 <= given.packs <= MAX_PACKS, f"--packs: a group has 1 to {MAX_PACKS} packs"),
        (given.port and given.faults, "--faults needs the simulated battery: leave --port out"),
        (given.port and given.dialect, "--dialect is of the simulated battery: leave --port out"),
        (given.firmware and given.dialect != "console", "--firmware needs --dialect console"),
        (given.worn and given.dialect != "console", "--worn needs --dialect console"),
        (given.set and given.board, "--set is for the firmware on this PC: leave --board out"),
        (given.speed <= 0, "--speed must be more than 0"),
        (given.update and not given.board, "--update needs --board"),
        (given.board and given.port, "--board has a simulated battery: leave --port out"),
        (given.board and own_broker, "--board has a broker of its own: leave --broker, --user and --pass out"),
    ):
        if wrong:
            parser.error(text)
    return given


class Demo:
    """All that runs, started one after the other, and ended in the opposite order by `stack`.

    events: the queue that all of them put into.
    """

    def __init__(self, given, events, directory, stack):
        self._given, self._events, self._directory, self._stack = given, events, directory, stack
        self._heard = Heard(given.root, given.rack)
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
        if self._given.board:
            board = DemoBoard(self._given, where, port, self._directory, self._events)
            self._firmware = self._stack.enter_context(board)
            self._began = time.monotonic()
        else:
            self._start_firmware(where, port)
        if show.on_terminal() and not self._given.board:  # its picture would hide the steps
            self._output = show.Terminal(self._heard, PANES)
        else:
            self._output = show.Lines(self._heard, lambda: f"{time.monotonic() - self._began:6.1f} s", log=False)
        self._handler = monitor.Handler(self._heard, self._output)
        until = None if self._given.seconds is None else self._began + self._given.seconds
        with self._output:
            show.watch(self._events, self._handle, self._tick, until)
            self._last_health()
        self._stop_firmware()
        return self._account()

    def _start_broker(self):
        """-> (host, port)."""
        if self._given.broker:
            host, port = self._given.broker
            print(f"broker at {host}:{port}; what is retained under {self._heard.prefix} will stay there", flush=True)
            return host, port
        broker = self._stack.enter_context(Broker(self._directory))
        print(f"broker at {broker.host}:{broker.port} ({broker.name})", flush=True)
        return broker.host, broker.port

    def _start_battery(self):
        """-> path of the serial port."""
        given = self._given
        if not given.port:
            battery = demo_battery.DemoBattery(given, given.packs or PACKS)
            self._battery = self._stack.enter_context(battery)
        print(f"battery at {self._battery or given.port}", flush=True)
        return given.port or self._battery.path

    def _start_listener(self, where):
        given = self._given
        user, password = (given.user, options.password(given)) if given.broker else (None, None)
        listener = monitor.Listener(self._events, *where, user, password, self._heard.subscriptions())
        self._listener = self._stack.enter_context(listener)
        self._listener.wait()
        if given.broker:
            # Another device may publish as this rack at a broker that is not ours: its retained LWT says so
            handler, until = monitor.Handler(self._heard), time.monotonic() + RETAINED_S
            show.watch(self._events, lambda *event: handler.handle(*event) or self._heard.online is not None,
                       lambda: None, until)  # fmt: skip
            if self._heard.online:
                place = self._heard.prefix
                raise ToolError(f"a device already publishes under {place} at this broker: choose another --rack")

    def _start_firmware(self, where, port):
        given, password = self._given, options.password(self._given)
        command = ["python3", "tools/pylon2mqtt.py", "--pylon_port", port, "--mqtt_host", where[0], "--mqtt_port",
                   str(where[1]), "--mqtt_root", given.root, "--rack_name", given.rack, "--publish_rate",
                   str(given.publish_rate)]  # fmt: skip
        command += ["--heap", given.heap] if given.heap else []
        own = [f"dialect={given.dialect}"] if given.dialect in NOT_AT_A_CONSOLE else []
        command += [word for text in own + given.set for word in ("--set", text)]
        command += ["--mqtt_user", given.user] if given.broker and given.user else []
        variables = {"TMPDIR": self._directory}
        variables |= {options.PASSWORD_VARIABLE: password} if given.broker and password else {}
        self._began = time.monotonic()
        put = self._events.put
        self._firmware = self._stack.enter_context(
            Process(command, lambda line: put((LINE, line)), lambda status: put((ENDED, status)), variables)
        )
        print(f"firmware: MicroPython runs it on this PC, a reading of each pack every {given.publish_rate} s",
              flush=True)  # fmt: skip

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

    def _last_health(self):
        """Counters of the end."""
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
        expected = self._given.packs or (PACKS if self._battery else self._heard.expected() or 1)
        return [number for number in range(1, expected + 1) if number not in self._heard.read_packs()]

    def _account(self):
        """Say what was seen -> exit status."""
        truth, counts = (self._battery.truth, self._battery.counts) if self._battery else (None, None)
        print("\n" + demo_battery.summary(self._heard, self._began, self._ran_s, truth, counts), flush=True)
        failures = demo_battery.failures(self._missing(), truth, self._ended)
        for text in failures:
            print(f"demo: {text}", file=sys.stderr, flush=True)
        return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
