"""The demo's virtual board: what an owner types to get the firmware onto an ESP32, typed here and shown step by step.

Each step is a program of this project, or mpremote, and runs exactly as it stands on the line that begins with $.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tools import environment, show
from tools.firmware_process import ENDED, LINE
from tools.heard import DEFAULT_RACK, DEFAULT_ROOT, clean
from tools.leash import Leash

SILENT_TIMEOUT_S = 120  # the first start compiles the board's own modules and the firmware
STOP_TIMEOUT_S = 30
PYTHON, MPREMOTE = "python3", ".venv/bin/mpremote"
BOOT = "pylon2mqtt: Ctrl-C for the REPL"  # the firmware's first line after a reset
COPYING = re.compile(r"copying .* \((\d+) of (\d+), ")
# Kinds of events
PORT, STEP_LINE, STEP_END = "port", "step line", "step end"


class BoardError(Exception):
    """A step failed; the text says which."""


class DemoBoard:
    """Entered, the board runs with firmware and settings; left, it has ended in order, or was killed.

    options: of the demo. broker: (host, port). uart: the pty of the battery. directory: for its flash. events: a queue
    that gets (LINE, text) for each line of the firmware, and at the board's end (ENDED, exit status). BoardError.
    """

    def __init__(self, options, broker, uart, directory, events):
        self._options, self._broker, self._uart, self._events = options, broker, uart, events
        self._directory = directory
        self._process = None
        self._leash = Leash()
        self._lock = threading.Lock()
        self._boot = None  # lines since the board started with its settings; None: it has not yet
        self._is_live = False  # they go to `events` at once

    def __enter__(self):
        try:
            port = self._switch_on()
            self._step("2. The firmware onto it", PYTHON, "tools/deploy.py", "--port", port)
            self._step("3. Its settings, at its REPL", MPREMOTE, "connect", port, "exec", self._settings())
            rate = f"publish_rate={self._options.publish_rate}"
            self._forget()
            self._step("4. One more, the short way; then it starts anew", PYTHON, "tools/configure.py", "--port", port,
                       rate)  # fmt: skip
        except BaseException:
            self.__exit__()
            raise
        print("\n5. It starts, looks for the battery, and publishes", flush=True)
        self._go_on()
        return self

    def __exit__(self, *_):
        self.stop()
        self._leash.close()

    def stop(self):
        """Ctrl-C, so that it publishes Offline; returns when it is gone."""
        if self._process:
            _end(self._process)

    # -- the board -------------------------------------------------------------------------------------------------

    def _switch_on(self):
        """-> its serial port."""
        flash = Path(self._directory) / "flash"
        flash.mkdir()
        print("\n1. A board: its flash is a directory, the battery hangs on its UART. Its serial port is", flush=True)
        more = ["--heap", self._options.heap] if self._options.heap else []
        words = (PYTHON, "tools/virtual_board", "--flash", str(flash), "--uart", self._uart, *more)
        self._process = self._begin(self._leash, words)
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        port = self._wait(PORT, words)
        print(port, flush=True)
        return port

    def _listen(self, process):
        with process.stdout:
            for line in process.stdout:
                if line.startswith("/dev/"):
                    self._events.put((PORT, line.rstrip()))
                    break
                self._events.put((STEP_LINE, clean(line.rstrip())))  # why it cannot start
            for line in process.stdout:
                self._take(clean(line.rstrip()))
        self._events.put((ENDED, process.wait()))

    def _take(self, line):
        with self._lock:
            if BOOT in line:
                self._boot = []
            if self._boot is not None:
                (self._emit if self._is_live else self._boot.append)(line)

    def _emit(self, line):
        self._events.put((LINE, line))

    def _forget(self):
        """What it says until its next start is of no interest."""
        with self._lock:
            self._boot = None

    def _go_on(self):
        """From now on its lines are events; first those that came since that start."""
        with self._lock:
            for line in self._boot or ():
                self._emit(line)
            self._is_live = True

    def _settings(self):
        """-> what is typed at the REPL."""
        options, (host, port) = self._options, self._broker
        values = {"wifi_ssid": "virtual", "mqtt_host": host, "mqtt_port": port}
        if (options.root, options.rack) != (DEFAULT_ROOT, DEFAULT_RACK):
            values |= {"mqtt_root": options.root, "rack_name": options.rack}
        given = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
        return f"from firmware import config; config.set({given})"

    # -- the steps -------------------------------------------------------------------------------------------------

    def _step(self, title, *words):
        """Run one command to its end. BoardError."""
        print(f"\n{title}", flush=True)
        with contextlib.closing(Leash()) as leash:
            process = self._begin(leash, words)
            threading.Thread(target=_tell, args=(process, self._events), daemon=True).start()
            try:
                status = self._wait(STEP_END, words)
            finally:
                _end(process)
        if status:
            program = next(word for word in words if word != PYTHON)
            raise BoardError(f"step {title.partition('.')[0]} failed, as told above: {program} ended with {status}")

    def _begin(self, leash, words):
        """Print the command and start it -> Popen."""
        print(f"$ {shlex.join(words)}", flush=True)
        return leash.start(
            [sys.executable if words[0] == PYTHON else words[0], *words[1:]], cwd=environment.PROJECT,
            env=os.environ | {"TMPDIR": self._directory}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip

    def _wait(self, wanted, words):
        """-> what comes with the event that is wanted; lines of the step are shown on the way. BoardError."""
        while True:
            try:
                kind, *what = self._events.get(timeout=SILENT_TIMEOUT_S)
            except queue.Empty:
                raise BoardError(f"nothing happened for {SILENT_TIMEOUT_S} s: {shlex.join(words)}") from None
            if kind == wanted:
                return what[0]
            if kind == STEP_LINE:
                _show(*what)
            elif kind == show.SIGNAL:
                raise BoardError("interrupted before the firmware ran, so there is no reading")
            elif kind == ENDED:
                raise BoardError(f"the virtual board ended by itself, with status {what[0]}")


def _tell(process, events):
    with process.stdout:
        for line in process.stdout:
            events.put((STEP_LINE, clean(line.rstrip())))
    events.put((STEP_END, process.wait()))


def _show(line):
    """A line of a step; of the files that are copied only the first and the last."""
    match = COPYING.match(line)
    number, count = (int(match[1]), int(match[2])) if match else (1, 1)
    if number in (1, count):
        print(line, flush=True)
    elif number == 2:
        print("…", flush=True)


def _end(process):
    """Ctrl-C where it still runs, and wait."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
