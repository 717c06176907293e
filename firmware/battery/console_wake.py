"""Waking the text console: as its owners found out, not as a protocol says. Loaded while the battery is looked for."""

from micropython import const

from .console_line import BAUD

# CID2 82H, undocumented: word for word, and the only time that it is sent
_WAKE_UP = b"~20014682C0048520FCC3\r"
_WAKE_UP_BAUD = const(1200)
_WIRE_MS = const(200)  # of the frame at 1200 baud
_BOOT_MS = const(2000)  # until the console is there
_PROMPT_MS = const(1000)
_TRIES = const(10)
_POLL_MS = const(5)
_LONGEST = const(64)  # characters kept of what comes


class Waker:
    """Goes through the steps, over a console_line.Line; its face is that of search.Search, and as there is `state`, a
    list, at first empty, all that it has to remember.
    """

    def __init__(self, line, state):
        self._line = line
        self._state = state  # number of the next step
        if not state:
            state.append(0)

    def step(self):
        """The next step, 2.2 s at most -> True: the console is there; None: not yet, call again; False: it is not, all
        steps were gone through. Behind True the line is at 115200 baud.
        """
        state = self._state
        step = state[0]
        state[0] += 1
        if step == 1:
            self._wake()
            return None
        self._line.set_rate(BAUD)
        self._line.send(b"\r\n" if step else b"\n")
        if self._prompt():
            state[0] = 0
            return True
        if step <= _TRIES:
            return None
        state[0] = 0
        return False

    def _wake(self):
        line = self._line
        line.set_rate(_WAKE_UP_BAUD)
        line.send(_WAKE_UP)
        line.clock.sleep_ms(_WIRE_MS + _BOOT_MS)

    def _prompt(self):
        """True when a prompt comes within a second, and nothing behind it."""
        clock = self._line.clock
        start = clock.ticks_ms()
        text = b""
        while clock.ticks_diff(clock.ticks_ms(), start) < _PROMPT_MS:
            some = self._line.receive()
            if some:
                text = (text + bytes(some))[-_LONGEST:]
            elif _is_prompt(text):
                return True
            else:
                clock.sleep_ms(_POLL_MS)
        return False


def _is_prompt(text):
    """Ends in `pylon>`, `PYTES>`, `pylon_debug>`, `US5000>`: letters, digits, "_" and "-", and ">"."""
    name = text.rstrip()
    count = 0
    if name[-1:] == b">":
        while count + 1 < len(name) and (_is_letter(name[-2 - count]) or name[-2 - count] in b"0123456789_-"):
            count += 1
    return count > 1 and _is_letter(name[-1 - count])


def _is_letter(byte):
    return 65 <= byte < 91 or 97 <= byte < 123
