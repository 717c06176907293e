"""The whole way at a glance: a broker, a simulated battery and the firmware, and what arrives, live on the screen.

With --port it is a real battery. With --board the firmware is deployed to a virtual board, set up and started there;
each step is shown with its command. Nothing has to be installed before. Not on a terminal: one line a reading. Ctrl-C
ends all of it.
"""

import contextlib
import queue
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, demo_battery, environment, monitor, options, show, words
from tools.broker import Broker
from tools.demo_board import ENDED, LINE, DemoBoard, followed
from tools.heard import DEFAULT_RACK, DEFAULT_ROOT, Heard
from tools.simulator.battery import DIALECTS
from tools.simulator.console_text import FIRMWARE as CONSOLES

PACKS, MAX_PACKS = 2, 16
NOT_AT_A_CONSOLE = ("rs485", "pace")  # auto tries them last: here the firmware is told
PUBLISH_RATE_S = "5"
RETAINED_S = 1  # until what is retained has come
LAST_WORD_S = 3  # for the last health before the end, and for Offline
FIRMWARE, BATTERY = "firmware", "battery"
PANES = {FIRMWARE: "Firmware", BATTERY: "Battery"}
WIDTH = 100


def main(arguments=None):
    """-> exit status: 0 when readings of all packs arrived, and with the simulated battery none was wrong; else 1."""
    given = parsed(arguments)
    environment.ensure()
    return options.guarded("demo", lambda: Demo(given).run())


def parsed(arguments=None):
    """The options of these arguments; ends the program where they do not fit together."""
    parser = options.parser("demo.py", __doc__)
    add = parser.add_argument
    add("--packs", type=int, metavar="N", help=f"packs of the simulated battery, 1 to {MAX_PACKS} (default {PACKS})")
    add("--seconds", type=float, metavar="N", help="end so long after the firmware began (default: at Ctrl-C)")
    add("--port", metavar="PORT", help="a real battery at this serial port, such as /dev/ttyUSB0")
    add("--broker", type=options.address, metavar="HOST[:PORT]", help="a broker of yours, instead of the demo's own")
    add("--board", action="store_true", help="deploy to a virtual board, set it up over its port, let it publish")
    add("--update", action="store_true", help="with --board: over the broker a newer version, then one that crashes")
    add("--speed", type=int, default=1, metavar="N", help="with --board: board and battery are so many times as fast")
    add("--dialect", choices=tuple(DIALECTS), help="what the simulated battery speaks (default framed)")
    add("--firmware", choices=tuple(CONSOLES), help=f"whose text console it is (default {demo_battery.CONSOLE})")
    add("--worn", action="store_true", help="its packs hold less than is printed on them")
    add("--faults", action="store_true", help="the simulated battery misbehaves in all the ways that were ever seen")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the firmware; repeatable")
    add("--heap", metavar="SIZE", help="heap of MicroPython, such as 120k; without this option as much as on an ESP32")
    given = parser.parse_args(arguments)
    for wrong, text in (
        (given.packs is not None and not 1 <= given.packs <= MAX_PACKS, f"--packs: a group has 1 to {MAX_PACKS} packs"),
        (given.port and (given.faults or given.dialect), "--faults and --dialect are of the simulated battery"),
        ((given.firmware or given.worn) and given.dialect != "console", "--firmware and --worn need --dialect console"),
        ((given.update or given.speed != 1) and not given.board, "--update and --speed need --board"),
        (given.board and (given.port or given.broker),
         "--board has a battery and a broker of its own: leave --port and --broker out"),
    ):  # fmt: skip
        if wrong:
            parser.error(text)
    told = {"dialect": given.dialect} if given.dialect in NOT_AT_A_CONSOLE else {}
    given.settings = {"publish_rate": PUBLISH_RATE_S} | told | dict(text.partition("=")[::2] for text in given.set)
    return given


def on_this_pc(given, broker, port, directory, events):
    """-> Process of the firmware; arguments as of DemoBoard."""
    host, broker_port = broker
    command = ["python3", "tools/pylon2mqtt.py", "--pylon_port", port, "--mqtt_host", host, "--mqtt_port",
               str(broker_port)]  # fmt: skip
    command += ["--heap", given.heap] if given.heap else []
    command += [word for setting in given.settings.items() for word in ("--set", "=".join(setting))]
    print("firmware: MicroPython runs it on this PC, a reading of each pack every "
          f"{given.settings['publish_rate']} s", flush=True)  # fmt: skip
    return followed(command, events, LINE, ENDED, {"TMPDIR": directory})


class Demo:
    """All that runs, started one after the other, and ended in the opposite order."""

    def __init__(self, given):
        self._given, self._events, said = given, queue.SimpleQueue(), given.settings
        self._heard = Heard(said.get("mqtt_root", DEFAULT_ROOT), said.get("rack_name", DEFAULT_RACK))
        self._battery = self._firmware = self._output = self._ended = self._began = None

    def run(self):
        """-> exit status."""
        show.signals_to(self._events)
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-"))
            return self._run(directory, stack.enter_context)

    def _run(self, directory, enter):
        given, heard = self._given, self._heard
        if given.broker:
            broker, name = given.broker, "yours"
        else:
            own = enter(Broker(directory))
            broker, name = (own.host, own.port), own.name
        print(f"broker at {broker[0]}:{broker[1]} ({name})", flush=True)
        if not given.port:
            self._battery = enter(demo_battery.DemoBattery(given, given.packs or PACKS))
        print(f"battery at {self._battery or given.port}", flush=True)
        where = SimpleNamespace(broker=broker, user=given.settings.get("mqtt_user"))
        listener = enter(monitor.Listener(self._events, where, heard.prefix))
        if given.broker:
            self._refuse_another_device()
        start = DemoBoard if given.board else on_this_pc
        port = given.port or self._battery.path
        self._firmware = enter(start(given, broker, port, directory, self._events))
        self._began = time.monotonic()
        self._output = show.Output(heard, lambda: f"{time.monotonic() - self._began:6.1f} s", False, PANES)
        with self._output:
            show.watch(self._events, self._handle, self._tick, given.seconds and self._began + given.seconds)
            if self._ended is None and heard.online:
                asked_at = time.monotonic()
                listener.publish(f"{heard.prefix}cmnd/demo", '{"status":true}')
                self._wait_until(lambda: (heard.health_at or 0) >= asked_at)
        return self._end()

    def _refuse_another_device(self):
        """ToolError where one publishes as this rack at a broker that is not ours: its retained LWT says so."""
        heard = self._heard
        show.watch(self._events, lambda kind, *what: kind == show.MESSAGE and heard.take(*what) and heard.online,
                   lambda: None, time.monotonic() + RETAINED_S)  # fmt: skip
        if heard.online:
            raise ToolError(f"a device already publishes {heard.prefix} there: --set rack_name=NAME takes another name")

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
        """What is due now and then: faults begun and told, the picture."""
        for name in self._battery.tend(not self._missing()) if self._battery else ():
            self._output.note(BATTERY, f"fault: {name}")
        self._output.refresh()

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
            parts.append(f"Battery {words.link(heard)}; {', '.join(text for text, _ in words.counted(heard.health))}.")
        parts += self._battery.summary() if self._battery else []
        print("\n" + textwrap.fill(" ".join(parts), WIDTH), flush=True)
        if ended is not None:
            raise ToolError(f"the firmware ended by itself, with status {ended}: its last lines say why")
        if self._missing():
            raise ToolError(f"no reading of pack {', '.join(map(str, self._missing()))}")
        return int(bool(self._battery and self._battery.judge.wrong))


if __name__ == "__main__":
    sys.exit(main())
