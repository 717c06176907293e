"""What the tests of the virtual board share."""

from __future__ import annotations

import os
import select
import termios

RECEIVE_TIMEOUT_S = 20

# The first lines of a main.py that needs the network.
ONLINE = """
import network, time
wlan = network.WLAN(network.WLAN.IF_STA)
wlan.active(True)
wlan.config(pm=wlan.PM_NONE, reconnects=-1)
wlan.connect("home", "secret")
while not wlan.isconnected():
    time.sleep_ms(5)
"""


class Wire:
    """Both ends of a pty: the test holds the master, the board opens `path`."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        self.path = os.ttyname(self.slave)

    def speed(self):
        return termios.tcgetattr(self.master)[5]

    def send(self, data):
        os.write(self.master, data)

    def receive(self, count):
        """-> so many bytes of the board. TimeoutError."""
        data = b""
        while len(data) < count:
            if not select.select([self.master], [], [], RECEIVE_TIMEOUT_S)[0]:
                raise TimeoutError(f"{count} bytes wanted, only this came: {data!r}")
            data += os.read(self.master, count - len(data))
        return data

    def close(self):
        for end in (self.master, self.slave):
            os.close(end)


def run(board, main, timeout_s=20, **arguments):
    """Let `main` run to its end -> (exit status, console lines)."""
    one = board(files={"main.py": main}, **arguments)
    status = one.wait(timeout_s)
    return status, list(one.lines)
