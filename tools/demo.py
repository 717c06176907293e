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
import textwrap
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, demo_battery, environment, monitor, options, show, words
from tools.broker import Broker
from tools.demo_board import ENDED, LINE, DemoBoard
from tools.heard import Heard
from tools.process import Process
from tools.simulator.battery import DIALECTS
from tools.simulator.console_text import FIRMWARE as CONSOLES

PACKS, MAX_PACKS = 2, 16
NOT_AT_A_CONSOLE = ("rs485", "pace")  # auto tries them last: here the firmware is told
STATUS_EVERY_S = 5  # asked for, so that health is fresh: by itself it comes once a minute
RETAINED_S = 1  # until what is retained has come
LAST_WORD_S = 3  # for the last health before the end, and for Offline
FIRMWARE, BATTERY = "firmware", "battery"
HINT = "The firmware starts, connects to the broker, and looks for the battery: a few seconds."
PANES = {FIRMWARE: "Firmware", BATTERY: "Battery"}
WIDTH = 100


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
    add("--worn", action="store_true", help="its packs hold less than is printed on them")
    add("--faults", action="store_true", help="the simulated battery misbehaves in all the ways that were ever seen")
    options.add_broker(parser)
    add("--publish-rate", type=int, default=5, metavar="S", help="of the firmware (default %(default)s)")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the firmware; repeatable")
    add("--heap", metavar="SIZE", help="MicroPython's heap, such as 120k (default: as an ESP32)")
    given = parser.parse_args(arguments)
    for wrong, text in (
        (given.packs is not None and not 1 <= given.packs <= MAX_PACKS, f"--packs: a group has 1 to {MAX_PACKS} packs"),
        (given.port and (given.faults or given.dialect), "--faults and --dialect are of the simulated battery"),
        ((given.firmware or given.worn) and given.dialect != "console", "--firmware and --worn need --dialect console"),
        (given.update and not given.board, "--update needs --board"),
        (given.board and (given.port or given.broker or given.set),
         "--board has a battery and a broker of its own: leave --port, --broker and --set out"),
    ):  # fmt: skip
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
        self._battery = self._listener = self._firmware = self._output = self._ended = None
        self._began = time.monotonic()
        self._asked_at = 0.0

    def run(self):
        """-> exit status."""
        given, enter = self._given, self._stack.enter_context
        is_theirs = given.broker is not None
        if is_theirs:
            print(f"broker at {given.broker[0]}:{given.broker[1]}", flush=True)
        else:
            broker = enter(Broker(self._directory))
            given.broker, given.user = (broker.host, broker.port), None
            print(f"broker at {broker.host}:{broker.port} ({broker.name})", flush=True)
        if not given.port:
            self._battery = enter(demo_battery.DemoBattery(given, given.packs or PACKS))
        print(f"battery at {self._battery or given.port}", flush=True)
        port = given.port or self._battery.path
        self._listener = enter(monitor.Listener(self._events, given, self._heard.prefix))
        if is_theirs:
            self._refuse_another_device()
        start = self._start_board if given.board else self._start_firmware
        self._firmware = enter(start(port))
        self._began = time.monotonic()
        panes = None if given.board else PANES
        self._output = show.Output(self._heard, lambda: f"{time.monotonic() - self._began:6.1f} s", False, panes)
        with self._output:
            until = given.seconds and self._began + given.seconds
            show.watch(self._events, self._handle, self._tick, until)
            if self._ended is None and self._heard.online:
                self._ask_status()
                self._wait_until(lambda: (self._heard.health_at or 0) >= self._asked_at)
        return self._end()

    def _refuse_another_device(self):
        """ToolError where one publishes as this rack at a broker that is not ours: its retained LWT says so."""
        until = time.monotonic() + RETAINED_S
        show.watch(self._events, show.Output(self._heard, str).handle, lambda: None, until)
        if self._heard.online:
            place = self._heard.prefix
            raise ToolError(f"a device already publishes under {place} at this broker: choose another --rack")

    def _start_board(self, port):
        return DemoBoard(self._given, self._given.broker, port, self._directory, self._events)

    def _start_firmware(self, port):
        given, password = self._given, options.password(self._given)
        host, broker_port = given.broker
        command = ["python3", "tools/pylon2mqtt.py", "--pylon_port", port, "--mqtt_host", host, "--mqtt_port",
                   str(broker_port), "--mqtt_root", given.root, "--rack_name", given.rack, "--publish_rate",
                   str(given.publish_rate)]  # fmt: skip
        command += ["--heap", given.heap] if given.heap else []
        command += ["--mqtt_user", given.user] if given.user else []
        own = [f"dialect={given.dialect}"] if given.dialect in NOT_AT_A_CONSOLE else []
        command += [word for text in own + given.set for word in ("--set", text)]
        variables = {"TMPDIR": self._directory}
        variables |= {options.PASSWORD_VARIABLE: password} if given.user and password else {}
        print(f"firmware: MicroPython runs it on this PC, a reading of each pack every {given.publish_rate} s",
              flush=True)  # fmt: skip
        put = self._events.put
        return Process(command, lambda line: put((LINE, line)), lambda status: put((ENDED, status)), variables)

    def _handle(self, kind, *what):
        """One event -> True when it is the end."""
        if kind == LINE:
            self._output.note(FIRMWARE, what[0])
        elif kind == ENDED:
            self._ended = what[0]
        else:
            before = self._heard.readings
            is_end = self._output.handle(kind, *what)
            if self._heard.readings > before and self._battery and (wrong := self._battery.check(*what[:3])):
                self._output.note(BATTERY, wrong)
            return is_end
        return kind == ENDED

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

    def _wait_until(self, is_there):
        """LAST_WORD_S at most; another Ctrl-C cuts it short."""
        until = time.monotonic() + LAST_WORD_S
        show.watch(self._events, lambda *event: self._handle(*event) or is_there(), lambda: None, until)

    def _missing(self):
        """Numbers of the packs that no reading came of."""
        expected = self._given.packs or (PACKS if self._battery else self._heard.health.get("Packs") or 1)
        return [number for number in range(1, expected + 1) if number not in self._heard.packs]

    def _end(self):
        """Ends the firmware in order, says what was seen -> exit status."""
        heard, ended, ran_s = self._heard, self._ended, time.monotonic() - self._began
        self._firmware.stop()
        if heard.online:
            self._wait_until(lambda: heard.online is False)
        count = len(heard.packs)
        first = f", the first after {heard.first_at - self._began:.1f} s." if heard.readings else "."
        parts = [f"{ran_s:.0f} s: {heard.readings} readings of {count} pack{'s' * (count != 1)}{first}"]
        if heard.health:
            counted = ", ".join(text for text, _ in words.counted(heard.health))
            parts.append(f"Battery {words.link(heard)}; {counted}.")
        parts += self._battery.summary() if self._battery else []
        print("\n" + textwrap.fill(" ".join(parts), WIDTH), flush=True)
        failures = [text for text in (
            ended is not None and f"the firmware ended by itself, with status {ended}: its last lines say why",
            self._missing() and f"no reading of pack {', '.join(map(str, self._missing()))}",
            self._battery and self._battery.judge.wrong and "a published value was wrong",
        ) if text]  # fmt: skip
        for text in failures:
            print(f"demo: {text}", file=sys.stderr, flush=True)
        return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
