"""The text console of newer firmware, from the battery's side: characters in, whole answers out (console.md)."""

from .console_text import FIRMWARE, Text, time_of

BAUD, ASLEEP_BAUD = 115200, 1200
WAKE_UP = b"~20014682C0048520FCC3"
BOOT_S, LONGEST = 1.0, 200  # from the wake-up to the console; characters of a command
CR, LF = 13, 10
PROMPTS = {"Pylon": b"pylon>", "PYTES": b"PYTES>"}
PAGER = b"Press [Enter] to be continued,other key to exit"
BLANKED = b"\r" + b" " * len(PAGER) + b"\r"
LINE_END = b"\r\r\n"
DONE = ["Command completed successfully", "$$"]
REFUSED = ["Invalid command or fail to excute.", "Usage:", "$$"]  # what it says of a pack that is not there
READ_COMMANDS = ("pwr", "bat", "info", "stat", "soh", "time")


class Console(Text):
    """Answers commands as Text does; `forbid(command, line)` hears what is no read command. firmware: one of FIRMWARE.
    asleep: silent until the wake-up came at 1200 baud, again after a power cycle. pager: so many lines, then it waits
    for a key.
    """

    def __init__(self, group, note, forbid, firmware="us5000", asleep=False, pager=None, worn=False):
        super().__init__(group, note, FIRMWARE[firmware], worn)
        self._forbid, self._pager, self._asleep = forbid, pager, asleep
        self.power_cycle()

    def power_cycle(self):
        """As after power on. `baud` is the rate that it listens at."""
        self.baud, self._ready_at = ASLEEP_BAUD if self._asleep else BAUD, 0.0
        self._line, self._rest, self._after_cr = b"", None, False

    def feed(self, now, data):
        """-> the answers that this chunk completes, as bytes."""
        return [answer for answer in (self._heard(now, byte) for byte in data) if answer is not None]

    def _heard(self, now, byte):
        is_second, self._after_cr = self._after_cr and byte == LF, byte == CR  # the LF of CR LF
        if is_second or now < self._ready_at:
            return None
        is_end = byte in (CR, LF)
        line, self._line = self._line, b"" if is_end else (self._line + bytes([byte]))[-LONGEST:]
        if self.baud != BAUD:
            if is_end and line.endswith(WAKE_UP):
                self.baud, self._ready_at = BAUD, now + BOOT_S
            return None
        if self._rest is not None:
            rest, self._rest, self._line = self._rest, None, b""
            return BLANKED + (self._paged(rest) if is_end else self._prompt())
        if is_end:
            return self._answer(line.decode("latin-1"), now) if line.strip() else self._prompt()
        return None

    def _prompt(self):
        return b"\n\r" + PROMPTS[self.firmware.maker]

    def _answer(self, line, now):
        words = line.split()
        lines = self._lines(words, now)
        if lines is None:
            lines = [f"Unknown command '{words[0]}' - try 'help'", DONE[-1]]
            if words[0] not in READ_COMMANDS:
                self._forbid(words[0].encode("latin-1"), line.encode("latin-1"))
        text = [one.encode("latin-1") + LINE_END for one in lines[:-1]]
        text.append(b"\r" + lines[-1].encode() + b"\r" + self._prompt())
        return line.encode("latin-1") + b"\n\r@" + LINE_END + self._paged(text)

    def _paged(self, text):
        """The next lines, and the pager's when there are more."""
        if not self._pager or len(text) <= self._pager:
            return b"".join(text)
        self._rest = text[self._pager:]
        return b"".join(text[: self._pager]) + PAGER

    def _lines(self, words, now):
        """The lines of an answer, end mark included; None: no such command."""
        if words in (["pwr"], ["time"]):
            return (self._table(now) if words == ["pwr"] else [f"Ds3231 {time_of(now)}"]) + DONE
        if words[0] not in READ_COMMANDS or words[0] == "time":
            return None
        number = int(words[1]) if len(words) == 2 and words[1].isdigit() else 0
        if self.firmware.bare and words[0] in ("info", "stat"):
            number = 1 if len(words) == 1 else 0
        if number not in self.group.there():
            return REFUSED
        return getattr(self, f"_{words[0]}")(number, self.group.pack(number)) + DONE
