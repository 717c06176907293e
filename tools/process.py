"""A child process of a tool: its lines and its end become calls, and it ends when this program is gone."""

import fcntl
import os
import signal
import subprocess
import sys
import threading

from tools import environment

STOP_TIMEOUT_S = 30  # tools/pylon2mqtt.py gives its own board 20 s


class Process:
    """Runs `command`, a list that may begin with "python3", in the project's directory, without a terminal.

    on_line(text) is called for each line that it prints, on_end(status) at its end, both from a thread. variables: more
    of the environment. send(number): a signal.
    """

    def __init__(self, command, on_line, on_end=lambda status: None, variables=None):
        command = [sys.executable if command[0] == "python3" else command[0], *command[1:]]
        # The child holds the reading end; when this program is gone, also after a SIGKILL, so is the writing end.
        self._leash = os.pipe()
        # Its own process group: Ctrl-C of the terminal is for us, who end the children one after the other.
        self._process = subprocess.Popen(
            command, cwd=environment.PROJECT, env=os.environ | (variables or {}), stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", pass_fds=self._leash[:1],
            process_group=0)
        tie(self._process, self._leash[0], signal.SIGTERM)
        self.send = self._process.send_signal

        def listen():
            with self._process.stdout as lines:
                for line in lines:
                    on_line(clean(line.rstrip()))
            on_end(self._process.wait())

        self._thread = threading.Thread(target=listen, daemon=True)
        self._thread.start()

    def stop(self, number=signal.SIGINT):
        """Ctrl-C, or another signal, where it still runs; returns when it is gone, killed after STOP_TIMEOUT_S."""
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self._thread.join(STOP_TIMEOUT_S)
        for end in self._leash:
            os.close(end)


def tie(process, leash, number):
    """Let the kernel send `process` the signal when the writing end of `leash`, a pipe's reading end, is closed, as it
    is when this program dies, however it dies (on Linux; elsewhere nothing happens).
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(leash, fcntl.F_SETOWN, process.pid)
        fcntl.fcntl(leash, fcntl.F_SETSIG, number)
        fcntl.fcntl(leash, fcntl.F_SETFL, fcntl.fcntl(leash, fcntl.F_GETFL) | os.O_ASYNC)


def clean(text):
    """Text without what could move the cursor of a terminal, or worse."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
