"""The text console of newer firmware, from the battery's side: characters in, whole answers out (console.md)."""

from .console_text import FIRMWARE, Text, time_of
from .framed import EOI

BAUD, ASLEEP_BAUD = 115200, 1200
WAKE_UP = b"~20014682C0048520FCC3"
BOOT_S = 1.0  # from the wake-up to the console
LONGEST = 200  # characters of a command
PAGER = b"Press [Enter] to be continued,other key to exit"
BLANKED = b"\r" + b" " * len(PAGER) + b"\r"
END = ["Command completed successfully", "$$"]
# What it says of a pack that is not there, and of a command that it does not take
REFUSALS = {
    "invalid": ["Invalid command or fail to excute.", "Usage:"],
    "failed": ["Command failed"],
    "absent": ["Target device is not present"],
    "completed": ["Command completed unccessfully"],
}
ENDS = {"crcrlf": "\r\r\n", "crlf": "\r\n", "lf": "\n", "cr": "\r"}  # of its lines
TAKES = ("any", "cr", "crlf", "each")  # what ends a command; each: CR does, and LF brings a prompt
READ_COMMANDS = ("pwr", "bat", "info", "stat", "soh", "time")


class Console:
    """Answers commands about `group`; `note(kind, pack, values)` hears what each answer says (console_text.Text).

    firmware: one of FIRMWARE. asleep: silent until the wake-up came at 1200 baud, and again after a power cycle. pager:
    so many lines, then it waits for a key. worn: its packs hold less than they say. refusal, end, takes: one of
    REFUSALS, ENDS, TAKES. forbid(line): hears what is no read command.
    """

    def __init__(self, group, note, firmware="us5000", asleep=False, pager=None, worn=False, refusal="invalid",
                 end="crcrlf", takes="any", forbid=None):
        for name, value, known in (("firmware", firmware, FIRMWARE), ("refusal", refusal, REFUSALS),
                                   ("end", end, ENDS), ("takes", takes, TAKES)):
            if value not in known:
                raise ValueError(f"unknown {name} {value!r}; known are: {', '.join(known)}")
        self._refusal, self._end, self._takes = REFUSALS[refusal], ENDS[end], takes
        self._group, self._pager, self._asleep = group, pager, asleep
        self.firmware = FIRMWARE[firmware]
        self._text = Text(group, note, self.firmware, worn)
        self._forbid = forbid or (lambda line: None)
        self.power_cycle()

    def power_cycle(self):
        """As after power on."""
        self.asleep, self._ready_at = self._asleep, 0.0
        self._line, self._rest, self._after_cr = bytearray(), None, False

    @property
    def baud(self):
        """The rate that it listens at."""
        return ASLEEP_BAUD if self.asleep else BAUD

    def feed(self, now, data):
        """-> the answers that this chunk completes, as bytes."""
        out = []
        for byte in data:
            answer = self._heard(now, byte)
            if answer is not None:
                out.append(answer)
        return out

    def _heard(self, now, byte):
        if self.asleep:
            return self._asleep_heard(now, byte)
        if now < self._ready_at:
            return None
        second, self._after_cr = self._after_cr and byte == 10, byte == 13
        if self._rest is not None and not second:
            rest, self._rest = self._rest, None
            return BLANKED + (self._paged(rest) if byte in b"\r\n" else self._prompt())
        if byte in b"\r\n" and not self._ends(byte, second):
            return None
        if byte not in b"\r\n":
            if len(self._line) < LONGEST:
                self._line.append(byte)
            return None
        line = self._line.decode("latin-1")
        self._line.clear()
        return self._answer(line, now) if line.strip() else self._prompt()

    def _ends(self, byte, second):
        """Does this CR or LF end a command? `second`: it is the LF of CR LF."""
        if self._takes in ("cr", "crlf"):
            return second if self._takes == "crlf" else byte == 13
        return self._takes == "each" or not second

    def _asleep_heard(self, now, byte):
        if byte != EOI[0]:
            self._line.append(byte)
            del self._line[:-len(WAKE_UP)]
        elif bytes(self._line) == WAKE_UP:
            self.asleep, self._ready_at = False, now + BOOT_S
            self._line.clear()
        return None

    def _prompt(self):
        return b"\n\r" + self.firmware.prompt.encode()

    def _answer(self, line, now):
        lines = self._lines(line.split(), now)
        if lines is None:
            lines = [f"Unknown command '{line.split()[0]}' - try 'help'", END[1]]
            if line.split()[0] not in READ_COMMANDS:
                self._forbid(line.encode("latin-1"))
        end = self._end.encode()
        text = [one.encode("latin-1") + end for one in lines[:-1]]
        text.append(b"\r" + lines[-1].encode() + b"\r" + self._prompt())
        return line.encode("latin-1") + b"\n\r@" + end + self._paged(text)

    def _paged(self, text):
        """The next lines, and the pager's when there are more."""
        if not self._pager or len(text) <= self._pager:
            return b"".join(text)
        self._rest = text[self._pager:]
        return b"".join(text[: self._pager]) + PAGER

    def _lines(self, words, now):
        """The lines of an answer, end mark included; None: no such command."""
        if words == ["pwr"]:
            return self._text.table(now) + END
        if words == ["time"]:
            return [f"Ds3231 {time_of(now)}", *END]
        text = self._text
        maker = {"pwr": text.pwr, "bat": text.bat, "info": text.info, "stat": text.stat, "soh": text.soh}
        if words[0] not in maker:
            return None
        number = int(words[1]) if len(words) == 2 and words[1].isdigit() else 0
        if self.firmware.bare and words[0] in ("info", "stat"):
            number = 1 if len(words) == 1 else 0
        if number not in self._group.there():
            return [*self._refusal, END[1]]
        return maker[words[0]](number, self._group.pack(number)) + END
