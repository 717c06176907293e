"""What a capture asks a battery, step by step: where it listens, then every read command of its dialect.

Each step is bounded by the firmware's Link or Line, which ask; here is in what order, and what is said about it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from firmware.battery import NoReply, Refusal, frame, pace, search
from firmware.battery.link import Link
from firmware.battery.rs485 import Rs485Link
from tools import capture_rows
from tools.capture_console import CONSOLE_BAUD, PROMPT, ConsoleSteps
from tools.capture_port import NEWLINE, WAKE_UP, Exchange
from tools.decode_values import ALL_PACKS, COMMANDS, PACE, RETURN_CODES, WITH_PACK, command_in_words, values

PACE_BAUD = 9600
RATES = (1200, 2400, 4800, 9600, 19200)  # of the framed protocol; and at that of the console, too
WAKE_UP_BAUD = 1200
ADDRESSES, ADR_ERROR = (1, 2, 0), 0x90  # 01H by the protocol; the others for a battery that refuses it
MAX_PACKS = 16  # of a group (§2.8)
ATTEMPTS, PROBES = 3, 2  # of a question; of the first one, at each rate
PROMPT_MS = 1000
WAKE_UP_MS, WAKE_UP_KEYS = 2200, 10  # until the console is there; how often it gets a newline then
OF_THE_GROUP = (frame.MANUFACTURER, frame.PROTOCOL_VERSION, frame.SYSTEM_PARAMETERS, frame.PACK_COUNT)
OF_A_PACK = (frame.ANALOG_VALUES, frame.ALARMS, frame.MANAGEMENT)


class Found(NamedTuple):
    """Where the battery listens: baud, dialect FRAMED … of capture_rows, whether it had to be woken."""

    baud: int
    dialect: str
    woken: bool = False


class Steps:
    """`port` is a capture_port.Port; `keep` takes each row, `say` each line of progress. serials: as they are.
    group: of an RS485 port.
    """

    def __init__(self, port, keep, say, serials=False, group=0):
        self._port, self._keep, self._say, self._serials = port, keep, say, serials
        self._link = Link(port, port.clock, RATES[0])
        self._model, self._family, self._group, self._commands = "", capture_rows.FRAMED, group, COMMANDS

    def find(self, baud=None):
        """Looks at every rate, or at `baud` only -> Found, or None: no battery answers."""
        for rate in RATES if baud is None else (baud,):
            if rate == PACE_BAUD:  # first, since such a battery may take the question of _probe(), too
                found = self._relative(search.probes(search.PACE), rate)
                if found:
                    return found
            if rate != CONSOLE_BAUD and self._probe(rate):
                return Found(rate, capture_rows.FRAMED)
        if baud in (None, PACE_BAUD):
            found = self._relative(search.probes(search.RS485, group=self._group), PACE_BAUD)
            if found:
                return found
        return self._find_console(baud is None) if baud in (None, CONSOLE_BAUD) else None

    def _relative(self, probes, baud):
        """Those of the probes at this rate: does an RS485 port answer, or a battery of PACE? -> Found or None."""
        for probe in probes:
            if probe[1] != baud:
                continue
            name = search.answers(self._port, self._port.clock, probe)
            family = {search.RS485: capture_rows.RS485, search.PACE: capture_rows.OF_PACE}.get(name, self._family)
            self._keep_framed(family)
            self._say(f"{baud} baud, {probe[0]}: {f'answers as {name}' if name else 'no reply that fits'}")
            if family != self._family:
                self._settle(family, probe)
                return Found(baud, family)
        return None

    def _settle(self, family, probe):
        """From now on it is asked as one of this family."""
        self._family = family
        if family == capture_rows.OF_PACE:
            self._commands = PACE
            self._port.commands = tuple(pace.COMMANDS)
            self._link = pace.PaceLink(self._port, self._port.clock, probe[1])
            self._link.version = int(probe[2][1:3], 16)
        else:
            self._link = Rs485Link(self._port, self._port.clock, probe[1], self._group)

    def _probe(self, rate):
        """Does a battery answer framed requests at this rate? RTN 90H: it may have another ADR."""
        link = self._link
        link.set_rate(rate)
        self._port.take()
        for address in ADDRESSES:
            link.address = address
            answer = self._framed(frame.PROTOCOL_VERSION, None, PROBES, f"{rate} baud, framed")
            if not (isinstance(answer, Refusal) and answer.code == ADR_ERROR):
                return not isinstance(answer, NoReply)
        link.address = ADDRESSES[0]  # it answers, whatever it says
        return True

    def _find_console(self, may_wake):
        """A prompt at 115200 baud, framed replies there, or a console that wakes up -> Found or None."""
        found = self._prompt(NEWLINE)
        self._say(f"{CONSOLE_BAUD} baud, text console: {'a prompt' if found else 'no prompt'}")
        if found:
            return Found(CONSOLE_BAUD, capture_rows.CONSOLE)
        relative = self._relative(search.probes(search.RS485, group=self._group), CONSOLE_BAUD)
        if relative:
            return relative
        if self._probe(CONSOLE_BAUD):
            return Found(CONSOLE_BAUD, capture_rows.FRAMED)
        if not may_wake:
            return None
        self._say(f"waking a text console: {WAKE_UP.decode().strip()} at 1200 baud, then newlines at {CONSOLE_BAUD}")
        self._port.init(WAKE_UP_BAUD)
        self._port.write(WAKE_UP)
        self._port.clock.sleep_ms(WAKE_UP_MS)
        self._keep_stray(WAKE_UP, WAKE_UP_BAUD, self._received())
        found = any(self._prompt(b"\r\n") for _ in range(WAKE_UP_KEYS))
        self._say(f"{CONSOLE_BAUD} baud, text console: {'a prompt' if found else 'no prompt'}")
        return Found(CONSOLE_BAUD, capture_rows.CONSOLE, woken=True) if found else None

    def _prompt(self, key):
        """True when a prompt comes within a second, and nothing behind it; all else is kept."""
        clock, received = self._port.clock, b""
        self._port.init(CONSOLE_BAUD)
        self._port.write(key)
        began = clock.ticks_ms()
        while clock.ticks_diff(clock.ticks_ms(), began) < PROMPT_MS and not PROMPT.search(received):
            received += self._received()
        self._keep_stray(key, CONSOLE_BAUD, received)
        return bool(PROMPT.search(received))

    def _received(self):
        return b"".join(bytes(exchange.received) for exchange in self._port.take())

    def _keep_stray(self, key, baud, received):
        """Keeps what came to a key, when that is more than a prompt."""
        if not re.fullmatch(rb"[\r\n ]*([A-Za-z][\w-]*>\s*)?", received):
            self._keep(capture_rows.stray(Exchange(key, baud, received), self._serials))

    def ask(self, found):
        """Every read command once, those of a pack for each, where it was `found` -> how many packs."""
        if found.dialect != capture_rows.CONSOLE:
            return self._ask_framed(found)
        return ConsoleSteps(self._port, self._keep, self._say, self._serials).ask()

    def _ask_framed(self, found):
        self._link.set_rate(found.baud)
        answers = {}
        is_pace = found.dialect == capture_rows.OF_PACE
        of_the_group = [cid2 for cid2 in OF_THE_GROUP if cid2 in self._link.commands]
        of_a_pack = (*OF_A_PACK[:2], 0xC1) if is_pace else OF_A_PACK
        for cid2 in of_the_group:
            answers[cid2] = self._framed(cid2, ALL_PACKS if is_pace else None)
            self._model = getattr(answers[cid2], "device", self._model)
        count = answers.get(frame.PACK_COUNT)
        count = count[1] if is_pace and isinstance(count, tuple) else count
        count = min(count, MAX_PACKS) if isinstance(count, int) else None
        packs = 0
        for pack in range(1, 1 + (MAX_PACKS if count is None else count)):
            first, *_ = [self._framed(cid2, pack) for cid2 in of_a_pack]
            if count is None and isinstance(first, NoReply | Refusal):
                break  # it does not say how many there are: until one does not answer
            packs = pack
        for pack in range(1, packs + 1):  # last, so that no late reply with one gets into another answer
            self._framed(0xC2 if is_pace else frame.SERIAL_NUMBER, pack)
        return packs

    def _framed(self, cid2, pack=None, attempts=ATTEMPTS, what=None):
        """One command -> what it answered, or the NoReply or Refusal."""
        try:
            answer = self._link.request(cid2, self._parser(cid2, pack), pack, attempts)
        except (NoReply, Refusal) as error:
            answer = error
        self._keep_framed(self._family)
        place = f"pack {pack}, " if pack and pack != ALL_PACKS else ""
        name = command_in_words(cid2, self._commands)
        self._say(f"{what or f'{place}{cid2:02X}H {name}'}: {_in_words(answer, cid2)}")
        return answer

    def _parser(self, cid2, pack):
        parse = self._commands[cid2][2]
        if cid2 in COMMANDS:
            return parse
        return lambda info: (pack, parse(info))  # of PACE: a text does not say whose it is

    def _keep_framed(self, family):
        for exchange in self._port.take():
            if exchange.sent:  # else on a line that never falls silent: between two questions
                self._keep(capture_rows.framed(exchange, self._model, self._serials, family))

def _in_words(answer, cid2):
    """What came to one question; no serial number."""
    if isinstance(answer, NoReply):
        return str(answer).partition(": ")[2] or str(answer)
    if isinstance(answer, Refusal):
        return f"RTN {answer.code:02X}H, {RETURN_CODES.get(answer.code, 'unknown')}"
    if cid2 in WITH_PACK or cid2 == frame.SYSTEM_PARAMETERS or cid2 not in COMMANDS:
        return "answered"
    if cid2 == frame.PROTOCOL_VERSION:
        return f"version {answer >> 4}.{answer & 15}"
    return ", ".join(value for _, value in values(cid2, answer))
