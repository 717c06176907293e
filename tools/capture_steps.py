"""What a capture asks a battery, step by step: where it listens, then every read command of its dialect.

Each step is bounded by the firmware's Link or Line, which ask; here is in what order, and what is said about it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from firmware.battery import NoReply, Refusal, frame
from firmware.battery.console_line import Line
from firmware.battery.link import Link
from tools import capture_rows
from tools.capture_port import NEWLINE, WAKE_UP, Exchange
from tools.decode_values import COMMANDS, RETURN_CODES, WITH_PACK, command_in_words, values

RATES = (1200, 2400, 4800, 9600, 19200)  # of the framed protocol; and at that of the console, too
CONSOLE_BAUD, WAKE_UP_BAUD = 115200, 1200
ADDRESSES, ADR_ERROR = (1, 2, 0), 0x90  # 01H by the protocol; the others for a battery that refuses it
MAX_PACKS = 16  # of a group (§2.8)
ATTEMPTS, PROBES = 3, 2  # of a question; of the first one, at each rate
PROMPT_MS, TO_PROMPT_MS, PAUSE_MS = 1000, 10_000, 500
WAKE_UP_MS, WAKE_UP_KEYS = 2200, 10  # until the console is there; how often it gets a newline then
OF_THE_GROUP = (frame.MANUFACTURER, frame.PROTOCOL_VERSION, frame.SYSTEM_PARAMETERS, frame.PACK_COUNT)
OF_A_PACK = (frame.ANALOG_VALUES, frame.ALARMS, frame.MANAGEMENT)
FOREIGN = ("UTlow", "CoulombAH")  # columns of `pwr`
CONSOLE_OF_A_PACK = ("info", "pwr", "bat", "stat", "soh")
PROMPT = re.compile(rb"[A-Za-z][\w-]+>\s*$")


class Found(NamedTuple):
    """Where the battery listens: baud, dialect FRAMED or CONSOLE of capture_rows, whether it had to be woken."""

    baud: int
    dialect: str
    woken: bool = False


class Steps:
    """`port` is a capture_port.Port; `keep` takes each row, `say` each line of progress. serials: as they are."""

    def __init__(self, port, keep, say, serials=False):
        self._port, self._keep, self._say, self._serials = port, keep, say, serials
        self._link = Link(port, port.clock, RATES[0])
        self._line = Line(port, port.clock)
        self._model = ""

    def find(self, baud=None):
        """Looks at every rate, or at `baud` only -> Found, or None: no battery answers."""
        for rate in RATES if baud is None else (baud,):
            if rate != CONSOLE_BAUD and self._probe(rate):
                return Found(rate, capture_rows.FRAMED)
        return self._find_console(baud is None) if baud in (None, CONSOLE_BAUD) else None

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
        return self._ask_framed(found) if found.dialect == capture_rows.FRAMED else self._ask_console()

    def _ask_framed(self, found):
        self._link.set_rate(found.baud)
        answers = {}
        for cid2 in OF_THE_GROUP:
            answers[cid2] = self._framed(cid2)
            self._model = getattr(answers[cid2], "device", self._model)
        count = answers[frame.PACK_COUNT]
        count = min(count, MAX_PACKS) if isinstance(count, int) else None
        packs = 0
        for pack in range(1, 1 + (MAX_PACKS if count is None else count)):
            first, *_ = [self._framed(cid2, pack) for cid2 in OF_A_PACK]
            if count is None and isinstance(first, NoReply | Refusal):
                break  # it does not say how many there are: until one does not answer
            packs = pack
        for pack in range(1, packs + 1):  # last, so that no late reply with one gets into another answer
            self._framed(frame.SERIAL_NUMBER, pack)
        return packs

    def _framed(self, cid2, pack=None, attempts=ATTEMPTS, what=None):
        """One command -> what it answered, or the NoReply or Refusal."""
        try:
            answer = self._link.request(cid2, COMMANDS[cid2][2], pack, attempts)
        except (NoReply, Refusal) as error:
            answer = error
        for exchange in self._port.take():
            if not exchange.sent:
                continue  # on a line that never falls silent: between two questions
            self._keep(capture_rows.framed(exchange, self._model, self._serials))
        place = f"pack {pack}, " if pack else ""
        self._say(f"{what or f'{place}{cid2:02X}H {command_in_words(cid2)}'}: {_in_words(answer, cid2)}")
        return answer

    def _ask_console(self):
        self._line.set_rate(CONSOLE_BAUD)
        table = self._console("pwr")
        packs = packs_of(table) if isinstance(table, list) else []
        if isinstance(table, list) and any(name in table[0] for name in FOREIGN):
            self._say("these columns are of the Force family, which the firmware does not know; all is recorded")
        self._say(f"packs in the table: {', '.join(map(str, packs)) or 'none that can be read, trying pack 1'}")
        self._console("time")
        for pack in packs or [1]:
            for command in CONSOLE_OF_A_PACK:
                answer = self._console(command, pack)
                if command == "info" and isinstance(answer, list):
                    self._model = device_of(answer)
        return len(packs)

    def _console(self, command, pack=None):
        """One command -> the lines of its answer, or the NoReply or Refusal."""
        what = f"{command} {pack or ''}".strip()
        for attempt in range(ATTEMPTS):
            kind, why = capture_rows.RECORDED, ""
            try:
                answer = self._line.request(command, pack, _texts, 1)
            except NoReply as error:
                answer, kind, why = error, capture_rows.DAMAGED, _in_words(error, None)
            except Refusal as error:
                answer, kind = error, capture_rows.ERROR
            for exchange in self._port.take():
                self._keep(capture_rows.console(exchange, self._model, kind, why, self._serials))
            if not isinstance(answer, NoReply):
                declined = "not known to this battery, or not possible"
                self._say(f"{what}: {f'{len(answer)} lines' if isinstance(answer, list) else declined}")
                break
            self._say(f"{what}: {why}{'; asking again' * (attempt < ATTEMPTS - 1)}")
            self._to_prompt()
        return answer

    def _to_prompt(self):
        """After a damaged answer: newlines until a prompt comes. The pager would eat a command's first character.

        What comes is the rest of an answer, and is not kept.
        """
        clock, received = self._port.clock, b""
        began = clock.ticks_ms()
        while clock.ticks_diff(clock.ticks_ms(), began) < TO_PROMPT_MS and not PROMPT.search(received):
            self._port.write(NEWLINE)
            clock.sleep_ms(PAUSE_MS)
            received = self._received()


def _in_words(answer, cid2):
    """What came to one question; no serial number."""
    if isinstance(answer, NoReply):
        return str(answer).partition(": ")[2] or str(answer)
    if isinstance(answer, Refusal):
        return f"RTN {answer.code:02X}H, {RETURN_CODES.get(answer.code, 'unknown')}"
    if cid2 in WITH_PACK or cid2 == frame.SYSTEM_PARAMETERS:
        return "answered"
    if cid2 == frame.PROTOCOL_VERSION:
        return f"version {answer >> 4}.{answer & 15}"
    return ", ".join(value for _, value in values(cid2, answer))


def _texts(lines):
    """The lines of an answer, which a Line gives as text or as bytes -> list of texts."""
    return [line if isinstance(line, str) else bytes(line).decode(capture_rows.ENCODING) for line in lines]


def packs_of(table):
    """Numbers of the packs that are there, by the rows of `pwr`, whatever its columns are."""
    rows = [line.split() for line in table]
    numbers = [int(words[0]) for words in rows if words and words[0].isdigit() and "Absent" not in words]
    return [number for number in numbers if 1 <= number <= MAX_PACKS]


def device_of(lines):
    """What `info N` says behind Device name, or ""."""
    found = [value.strip() for name, _, value in (line.partition(":") for line in lines)
             if name.split() == ["Device", "name"]]  # fmt: skip
    return found[0] if found else ""
