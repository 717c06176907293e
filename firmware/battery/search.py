"""Where the battery listens, which dialect it speaks, and bringing it to the wanted rate (§5)."""

from binascii import unhexlify

from micropython import const

from ..modules import Temporary
from . import NoReply, Refusal

_DIALECTS = FRAMED, CONSOLE, RS485, PACE = "framed", "console", "rs485", "pace"
_VERSION = b"~2001464F0000FD99\r"  # the question for the protocol version
_NEW_LINE = b"\r\n"
# CID2 82H, undocumented: word for word as its owners found out, and the only time that it is sent
_WAKE_UP = b"~20014682C0048520FCC3\r"
_WAKE_UP_MS = const(2200)  # the frame at 1200 baud, and until the console is there
CONSOLE_BAUD = const(115_200)
SAFE_BAUD = const(4800)  # the fastest that is documented
_PACE_BAUD = const(9600)
# All that is tried: dialect, rate, what is sent (None: see probes()). The wanted rate comes first.
PROBES = (
    tuple([(FRAMED, rate, _VERSION) for rate in (1200, 2400, 4800, 9600, 19200)])
    + ((CONSOLE, CONSOLE_BAUD, _NEW_LINE), (CONSOLE, 1200, _WAKE_UP))
    + ((CONSOLE, CONSOLE_BAUD, _NEW_LINE),) * 9
    + ((RS485, 9600, None), (RS485, 115_200, None), (PACE, _PACE_BAUD, None))
)
# of a battery that was asked for such a rate
_FAST_PROBES = tuple([(FRAMED, rate, _VERSION) for rate in (38400, 57600, 115_200)])
_WHERE = {FRAMED: "at 1200 to 19200 baud", CONSOLE: "as text at 115200 baud", PACE: "of PACE at 9600 baud",
          RS485: "at an RS485 port at 9600 or 115200 baud"}  # fmt: skip
_SPEAKING = {CONSOLE: ", in text", RS485: ", over RS485", PACE: ", a PACE one"}
_HINT = "no battery %s. Check: %s, GND connected, battery on%s. Trying on"
_CHECK = "cable in the port named Console of the master pack, TX and RX not swapped, MAX3232 has 3.3 V"
_CHECK_RS485 = "cable in the port named RS485 of the master pack, A and B not swapped, the module has 3.3 V"

_SWITCHES_MAX = const(3)  # that were refused or not confirmed, then the battery is read at the rate it has
_AWAY_MS = const(4_000)  # pause behind a round from which on a battery that was there is looked for in other dialects
_ANSWER_MS = const(1300)  # of a prompt, or of the frame at 1200 baud
_POLL_MS = const(5)
_ANSWER_BYTES = const(256)  # kept of what comes
_CID1 = const(0x46)


def probes(dialect, baud=0, group=0):
    """The PROBES of one dialect, those at the rate `baud` first; fast ones only when that is fast. `group`: setting."""
    found = [probe for probe in PROBES + (_FAST_PROBES if baud > SAFE_BAUD else ()) if probe[0] == dialect]
    if dialect == RS485:
        found = [(RS485, rate, _analog_question(0x20, 2 + 16 * group)) for _, rate, _ in found]
    if dialect == PACE:
        found = [(PACE, rate, _analog_question(version, 1)) for _, rate, _ in found for version in (0x25, 0x20)]
    return [probe for probe in found if probe[1] == baud] + [probe for probe in found if probe[1] != baud]


def _analog_question(version, address):
    body = b"%02X%02X4642E002%02X" % (version, address, address)
    return b"~%s%04X\r" % (body, -sum(body) & 0xFFFF)


def _link_search():
    with Temporary():  # a text console does without, and without its `frame`
        from . import link_search
    return link_search


class Search:
    """Looks for the battery, one probe a step.

    `dialect`: that of the `link`; `others`: the other dialects are tried, too. `baud`: the rate that a framed battery
    is brought to; it falls to SAFE_BAUD when the battery refuses. `known`: the battery was read since the start.
    `group`: the setting.
    """

    def __init__(self, link, log, dialect, known, baud, others, group=0):
        self.baud = baud
        self._link, self._log, self._dialect, self._known = link, log, dialect, known
        self._own, self._others = probes(dialect, baud, group), []
        for other in _DIALECTS:
            if others and other != dialect:
                self._others += probes(other, baud, group)
        self._next_other, self._due = 0, []
        self._switches, self._switch_error = 0, ""  # tried in vain, and why the last one was

    def step(self, pause_ms, hint_given=False):
        """Tries the next probe -> the dialect that answers; None: call again; "": nobody did in a whole round, and what
        to check is logged unless `hint_given`. `pause_ms`: the pause before this round.
        """
        if not self._due:
            self._due = self._round(pause_ms)
        probe = self._due.pop(0)
        dialect, baud, _ = probe
        link = self._link
        if dialect == self._dialect != CONSOLE:
            link.set_rate(baud)
            frames = _link_search()
            reached = frames.reaches_pace(link, 1) if dialect == PACE else frames.reaches(link, 1, self._log)
            found = dialect if reached else ""
        else:
            found = answers(link.uart, link.clock, probe, self._log)
        is_doubtful = found == FRAMED and baud == _PACE_BAUD and self._others  # PACE takes a framed one's question, too
        if is_doubtful and PACE in (answers(link.uart, link.clock, one, self._log) for one in probes(PACE)):
            return PACE
        if found == self._dialect == CONSOLE:
            link.set_rate(CONSOLE_BAUD)
        if found == self._dialect == FRAMED and not self._is_at_rate():
            return None
        if found == self._dialect:
            self._log.info("battery answers at %d baud%s", link.baud, _SPEAKING.get(found, ""))
        if not found and not self._due and not hint_given:
            self._log.warning(self._hint())
        return found or (None if self._due else "")

    def _hint(self):
        where, setting = _WHERE[self._dialect], ', setting "dialect" (auto tries all)'
        if self._others:
            where = " nor ".join([where] + [_WHERE[other] for other in _DIALECTS if other != self._dialect])
            setting = ""
        return _HINT % (where, _CHECK_RS485 if self._dialect == RS485 else _CHECK, setting)

    def _round(self, pause_ms):
        """The probes of a round. A battery that was read before is tried in its own dialect, and with one probe of the
        others when it has been away for long: its firmware may have been updated.
        """
        if not self._known:
            return self._own + self._others
        if not self._others or pause_ms < _AWAY_MS:
            return self._own[:]
        at, self._next_other = self._next_other, (self._next_other + 1) % len(self._others)
        return self._own + [self._others[at]]

    def _is_at_rate(self):
        """True when the framed battery that answers can be read now; False: it must be looked for again."""
        link, baud = self._link, self._link.baud
        if baud == self.baud:
            return True
        if self._switches == _SWITCHES_MAX:
            self._log.warning("battery stays at %d baud: %s", baud, self._switch_error)
            return True
        self._switches += 1
        is_fast = self.baud > SAFE_BAUD
        note = ", whose code is not documented" if is_fast else ""
        self._log.info("battery answers at %d baud, switching it to %d%s", baud, self.baud, note)
        try:
            _link_search().switch_rate(link, self.baud)
            return True
        except (NoReply, Refusal) as error:
            self._switch_error = why = str(error)
        if is_fast:
            text = "battery does not take %d baud (%s): %d until the next start"
            self._log.warning(text, self.baud, why, SAFE_BAUD)
            self.baud, self._switches = SAFE_BAUD, 0
        self._due = []
        return False


def answers(uart, clock, probe, log=None):
    """Sends a probe and waits, 3.5 s at most -> the dialect that answers, or ""; the UART stays at its rate."""
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
        if count := uart.readinto(chunk):
            text = (text + bytes(chunk[:count]))[-_ANSWER_BYTES:]
        elif dialect == CONSOLE and _is_prompt(text):
            return dialect
        else:
            reply = _reply(text, data) if dialect != CONSOLE else b""
            if reply:
                return _speaker(dialect, baud, reply, log)
            clock.sleep_ms(_POLL_MS)
    return ""


def _reply(text, question):
    """The last whole frame in `text`, also amid noise, without SOI and EOI; b"": none, or the echo of the question."""
    line = text[: text.rfind(b"\r") + 1]
    line = line[line.rfind(b"~") :]
    try:
        raw = unhexlify(line[1:-1]) if line != question else b""
    except ValueError:
        return b""
    good = len(raw) >= 8 and raw[2] == _CID1 and -sum(line[1:-5]) & 0xFFFF == raw[-2] << 8 | raw[-1]
    return raw if good else b""


def _speaker(asked, baud, reply, log):
    """A checked reply without SOI and EOI -> the dialect of who sent it, "": none that is known. `asked`: of the probe.
    """
    if asked == FRAMED:
        return asked
    info = b"" if reply[3] else reply[6:-2]  # of a reply to 42H, of one pack: it must fit a layout to the last byte
    at = 2  # behind INFOFLAG and the number of the pack: cells, then temperatures
    for _ in range(2):
        at += 1 + 2 * info[at] if at < len(info) else len(info)
    count = info[at + 6] if at + 6 < len(info) else 0  # of user-defined values
    if (len(info) - at, count) in ((11, 2), (17, 4)):
        return FRAMED if asked == PACE else asked
    if len(info) - at in (13, 14):
        return PACE
    if info and log:
        log.info("42H at %d baud: refused, %d bytes that fit no battery that is known", baud, len(info))
    return ""


def _is_prompt(text):
    """Ends in a line such as `pylon>`, `PYTES>`, `[US5000]>`, `pylon#`: two letters or more, and a mark."""
    text = text.rstrip()
    count = 0
    for byte in text[max(text.rfind(b"\r"), text.rfind(b"\n")) + 1 :]:
        if not 32 <= byte < 126:  # "~" is a frame's
            return False
        count += 65 <= byte < 91 or 97 <= byte < 123
    return count > 1 and text[-1:] in (b">", b"#", b"$")
