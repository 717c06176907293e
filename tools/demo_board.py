"""The demo's virtual board: what an owner types to get the firmware onto an ESP32, typed and shown step by step."""

import queue
import re
import shlex
import shutil
from pathlib import Path

from tools import ToolError, environment, show
from tools.process import Process

SILENT_TIMEOUT_S = 120  # the first start compiles the board's own modules and the firmware
BOOT = "pylon2mqtt: Ctrl-C for the REPL"  # the firmware's first line after a reset
# The two that come over the broker: name of the copy of this tree, a line more of its app.py, and how deploy.py ends
UPDATES = (("newer", "", 0), ("broken", 'raise RuntimeError("this version is broken")\n', 1))
# Kinds of events: a line of the firmware, its end; a line and the end of a step
LINE, ENDED, STEP_LINE, STEP_END = "line", "ended", "step line", "step end"


def followed(command, events, line, end, variables):
    """-> Process whose lines and end become events, (line, text) and (end, exit status)."""
    put = events.put
    return Process(command, lambda text: put((line, text)), lambda status: put((end, status)), variables)


class DemoBoard:
    """Entered, the board runs with firmware and settings; left, it has ended in order, or was killed. ToolError.

    given: options of the demo. broker: (this PC, its port). uart: the pty of the battery. directory: for its flash.
    events: a queue that gets (LINE, text) for each line of the firmware, and at the board's end (ENDED, exit status).
    stop(): as of Process.
    """

    def __init__(self, given, broker, uart, directory, events):
        self._given, self._broker, self._uart, self._events = given, broker[1], uart, events
        self._variables = {"TMPDIR": str(directory), "PYLON2MQTT_VENV": str(environment.VENV)}
        self._directory = Path(directory)
        self._board = None
        self._boot = []  # events with the lines since the board's last start
        self._last_will = []  # that with the last message of tele/LWT: Online, behind the updates

    def __enter__(self):
        try:
            self._install(self._switch_on())
        except BaseException:
            self.__exit__()
            raise
        print(f"\n{7 if self._given.update else 5}. It starts, looks for the battery, and publishes", flush=True)
        later = [self._events.get() for _ in range(self._events.qsize())]
        for event in self._boot + self._last_will + later:
            self._events.put(event)
        return self

    def __exit__(self, *_):
        if self._board:
            self._board.__exit__()

    def _switch_on(self):
        """-> its serial port."""
        flash = self._directory / "flash"
        flash.mkdir()
        command = ["python3", "tools/virtual_board", "--flash", str(flash), "--uart", self._uart]
        command += ["--heap", self._given.heap] if self._given.heap else []
        command += ["--speed", str(self._given.speed)] if self._given.speed != 1 else []
        print("\n1. A board: its flash is a directory, the battery hangs on its UART. Its serial port is\n"
              f"$ {shlex.join(command)}", flush=True)  # fmt: skip
        self._board = followed(command, self._events, LINE, ENDED, self._variables)
        self.stop = self._board.stop
        while not (port := self._wait(LINE, command)).startswith("/dev/"):
            print(port, flush=True)  # why it cannot start
        print(port, flush=True)
        return port

    def _install(self, port):
        """What an owner does with a new board at `port`."""
        key = ["--key-file", str(self._directory / "update_key")]
        new_key = ["--new-key", *key] if self._given.update else []
        self._step("2. The firmware onto it", "python3", "tools/deploy.py", "--port", port, *new_key)
        settings = f'wifi_ssid="virtual", mqtt_host="127.0.0.1", mqtt_port={self._broker}'
        self._step("3. Its settings, at its REPL", ".venv/bin/mpremote", "connect", port, "exec",
                   f"from firmware import config; config.set({settings})")  # fmt: skip
        self._boot = []  # what it says until its next start is of no interest
        self._step("4. One more, the short way; then it starts anew", "python3", "tools/configure.py", "--port",
                   port, *map("=".join, self._given.settings.items()))  # fmt: skip
        for number, (name, line, status) in enumerate(UPDATES if self._given.update else (), 5):
            tool = self._version(name, line) / "tools" / "deploy.py"
            self._step(f"{number}. A {name} version, over the broker", "python3", str(tool), *key, "--mqtt",
                       f"127.0.0.1:{self._broker}", expected=status)  # fmt: skip

    def _version(self, name, line):
        """-> directory of a copy of this tree, with another version and a `line` more."""
        tree = self._directory / name
        tree.mkdir()
        for path in environment.PROJECT.glob("[bfmpt]*"):  # boot.py, firmware, main.py, place.py, place.txt, tools
            copy = shutil.copytree if path.is_dir() else shutil.copyfile
            copy(path, tree / path.name)
        init = tree / "firmware" / "__init__.py"
        init.write_text(re.sub(r'__version__ = "(.+)"', rf'__version__ = "\1-{name}"', init.read_text()))
        with (tree / "firmware" / "app.py").open("a") as file:
            file.write(line)
        return tree

    def _step(self, title, *command, expected=0):
        """Show one command and run it to its end, `expected` status. ToolError."""
        print(f"\n{title}\n$ {shlex.join(command)}", flush=True)
        with followed(command, self._events, STEP_LINE, STEP_END, self._variables):
            status = self._wait(STEP_END, command)
        if status != expected:
            raise ToolError(f"step {title.partition('.')[0]} failed, as told above: it ended with {status}")

    def _wait(self, wanted, command):
        """-> what comes with the event that is wanted; lines of the step are shown on the way. ToolError."""
        while True:
            try:
                kind, *what = event = self._events.get(timeout=SILENT_TIMEOUT_S)
            except queue.Empty:
                raise ToolError(f"nothing happened for {SILENT_TIMEOUT_S} s: {shlex.join(command)}") from None
            if kind == wanted:
                return what[0]
            if kind == STEP_LINE:
                print(what[0], flush=True)
            elif kind == LINE:
                self._boot = [event] if BOOT in what[0] else self._boot and [*self._boot, event]
            elif kind == show.MESSAGE and what[0].endswith("tele/LWT"):
                self._last_will = [event]
            elif kind == show.SIGNAL:
                raise ToolError("interrupted before the firmware ran, so there is no reading")
            elif kind == ENDED:
                raise ToolError(f"the virtual board ended by itself, with status {what[0]}")
