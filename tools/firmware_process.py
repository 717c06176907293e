"""tools/pylon2mqtt.py as a process of another tool: its lines and its end become events."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

from tools import environment
from tools.heard import clean
from tools.leash import Leash

PROGRAM = environment.PROJECT / "tools" / "pylon2mqtt.py"
STOP_TIMEOUT_S = 30  # it gives its own board 20 s
LINE, ENDED = "line", "ended"


class FirmwareProcess:
    """Entered, it runs; left, it has ended in order, or was killed after STOP_TIMEOUT_S.

    arguments: of pylon2mqtt.py. variables: more of the environment (a password belongs here, not into arguments).
    events: a queue that gets (LINE, text) and at its end (ENDED, exit status).
    """

    def __init__(self, arguments, variables, events):
        self._command = [sys.executable, str(PROGRAM), *arguments]
        self._variables = variables
        self._events = events
        self._process = self._leash = None

    def __enter__(self):
        self._leash = Leash()
        self._process = self._leash.start(
            self._command, env=os.environ | self._variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        return self

    def _listen(self, process):
        with process.stdout:
            for line in process.stdout:
                self._events.put((LINE, clean(line.rstrip())))
        self._events.put((ENDED, process.wait()))

    def __exit__(self, *_):
        self.stop()
        self._leash.close()

    def stop(self):
        """Let it publish Offline and end; returns when it is gone."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
