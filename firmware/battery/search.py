"""Where the battery listens, which dialect it speaks, and bringing it to the wanted rate (§5)."""

from micropython import const

from . import NoReply, Refusal

FRAMED, CONSOLE = "framed", "console"
_VERSION = b"~2001464F0000FD99\r"  # the question for the protocol version
_NEW_LINE = b"\r\n"
# CID2 82H, undocumented: word for word as its owners found out, and the only time that it is sent
_WAKE_UP = b"~20014682C0048520FCC3\r"
_WAKE_UP_MS = const(2200)  # the frame at 1200 baud, and until the console is there
CONSOLE_BAUD = const(115_200)
# All that is tried: dialect, rate, what is sent. The wanted rate comes first, see probes().
PROBES = (
    (FRAMED, 1200, _VERSION),
    (FRAMED, 2400, _VERSION),
    (FRAMED, 4800, _VERSION),
    (FRAMED, 9600, _VERSION),
    (FRAMED, 19200, _VERSION),
    (CONSOLE, CONSOLE_BAUD, _NEW_LINE),
    (CONSOLE, 1200, _WAKE_UP),
) + ((CONSOLE, CONSOLE_BAUD, _NEW_LINE),) * 9
_WHERE = {FRAMED: "at 1200 to 19200 baud", CONSOLE: "as text at 115200 baud"}
_HINT = (
    "no battery %s. Check: cable in the port named Console of the master pack, TX and RX not swapped, GND connected, "
    "MAX3232 has 3.3 V, battery on%s. Trying on"
)

_SWITCHES_MAX = const(3)  # that were refused or not confirmed, then the battery is read at the rate it has
_AWAY_MS = const(4_000)  # pause behind a round from which on a battery that was there is looked for in other dialects
_ANSWER_MS = const(1300)  # of a prompt, or of the frame at 1200 baud
_POLL_MS = const(5)
_ANSWER_BYTES = const(64)  # kept of what comes
_CID1 = b"46"  # in a frame, behind SOI, VER and ADR
_CID1_AT = const(5)


def probes(dialect, baud=None):
    """The PROBES of one dialect, those at the rate `baud` first."""
    found = [probe for probe in PROBES if probe[0] == dialect]
    return [probe for probe in found if probe[1] == baud] + [probe for probe in found if probe[1] != baud]


class Search:
    """Looks for the battery, one probe a step.

    `link` is that of the dialect in use, whose name is `dialect`; `others`: other dialects are tried, too. `baud` is
    the rate that a framed battery is brought to. `known`: the battery was read since the start.
    """

    def __init__(self, link, log, dialect, baud, others, known):
        self._link = link
        self._log = log
        self._dialect = dialect
        self._baud = baud
        self._known = known
        self._own = probes(dialect, baud)
        self._others = probes(CONSOLE if dialect == FRAMED else FRAMED, baud) if others else []
        self._next_other = 0
        self._due = []
        self._switches = 0  # tried in vain,
        self._switch_error = ""  # and why the last one was

    def step(self, pause_ms):
        """Tries the next probe -> the name of the dialect that answers, for the framed one in use at the wanted rate if
        the battery can; None: not yet, call again; "": a round is over, nobody answered. `pause_ms` was the last pause.
        """
        if not self._due:
            self._due = self._round(pause_ms)
        probe = self._due.pop(0)
        link = self._link
        if probe[0] == self._dialect == FRAMED:
            link.set_rate(probe[1])
            if link.answers(1, self._log):
                return FRAMED if self._is_at_rate() else None
        elif answers(link.uart, link.clock, probe):
            if probe[0] == self._dialect:
                link.set_rate(CONSOLE_BAUD)
            return probe[0]
        return None if self._due else ""

    def hint(self):
        """Where nobody answered, and what to check, in words."""
        where, setting = _WHERE[self._dialect], ', setting "dialect" (auto tries both)'
        if self._others:
            where, setting = where + " nor " + _WHERE[CONSOLE if self._dialect == FRAMED else FRAMED], ""
        return _HINT % (where, setting)

    def _round(self, pause_ms):
        """The probes of a round: of a battery that was read before only one of another dialect, and only when it has
        been away for long: its firmware may have been updated.
        """
        if not self._known:
            return self._own + self._others
        if not self._others or pause_ms < _AWAY_MS:
            return self._own[:]
        other = self._others[self._next_other]
        self._next_other = (self._next_other + 1) % len(self._others)
        return self._own + [other]

    def _is_at_rate(self):
        """True when the framed battery that answers can be read now; False: it must be looked for again."""
        link, baud = self._link, self._link.baud
        if baud == self._baud:
            return True
        if self._switches == _SWITCHES_MAX:
            self._log.warning("battery stays at %d baud: %s", baud, self._switch_error)
            return True
        self._switches += 1
        self._log.info("battery answers at %d baud, switching it to %d", baud, self._baud)
        try:
            link.switch_rate(self._baud)
            return True
        except (NoReply, Refusal) as error:
            self._switch_error = str(error)
        self._due = []
        return False


def answers(uart, clock, probe):
    """Sends what a probe has to send -> True when a prompt comes, or a frame. Takes 3.5 s at most; leaves the UART at
    the rate of the dialect.
    """
    dialect, baud, data = probe
    uart.init(baudrate=baud)
    uart.write(data)
    if data == _WAKE_UP:
        clock.sleep_ms(_WAKE_UP_MS)
        uart.init(baudrate=CONSOLE_BAUD)
        uart.write(_NEW_LINE)
    start = clock.ticks_ms()
    chunk, text = bytearray(_ANSWER_BYTES), b""
    while clock.ticks_diff(clock.ticks_ms(), start) < _ANSWER_MS:
        count = uart.readinto(chunk)
        if count:
            text = (text + bytes(chunk[:count]))[-_ANSWER_BYTES:]
        elif (_is_frame(text) if dialect == FRAMED else _is_prompt(text)) and text != data:
            return True
        else:
            clock.sleep_ms(_POLL_MS)
    return False


def _is_frame(text):
    """Ends in a frame, from SOI to EOI, of a lithium battery."""
    start = text.rfind(b"~")
    return start >= 0 and text[-1:] == b"\r" and text[start + _CID1_AT : start + _CID1_AT + 2] == _CID1


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
