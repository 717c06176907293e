"""What a capture asks a battery, step by step: where it listens, then every read command of its dialect.

Each step is bounded by the firmware's Link or Line, which ask; here is in what order, and what is said about it.
"""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from firmware.battery import console_line, frame, messages
from firmware.battery.console_wake import Waker
from firmware.battery.link import Link, NoReply, ReturnCode
from tools import capture_rows
from tools.capture_port import CONSOLE_BAUD, NEWLINE, RATES, WAKE_UP, Clock
from tools.decode_layouts import COMMANDS, RETURN_CODES

ADDRESSES = (1, 2, 0)  # 01H by the protocol; the others for a battery that refuses it
MAX_PACKS = 16  # of a group (§2.8)
ATTEMPTS, PROBES = 3, 2  # of a question; of the first one, at each rate
TO_PROMPT_MS, PAUSE_MS = 10_000, 500  # to get out of the pager; for what comes after a key
OF_THE_GROUP = (
    (frame.MANUFACTURER, messages.manufacturer), (frame.PROTOCOL_VERSION, None),
    (frame.SYSTEM_PARAMETERS, messages.system_parameters), (frame.PACK_COUNT, messages.pack_count),
)  # fmt: skip
OF_A_PACK = (
    (frame.ANALOG_VALUES, messages.analog_values), (frame.ALARMS, messages.alarms),
    (frame.MANAGEMENT, messages.management),
)  # fmt: skip
FOREIGN = ("UTlow", "CoulombAH")  # columns of `pwr`
CONSOLE_OF_A_PACK = ("info", "pwr", "bat", "stat", "soh")


class Found(NamedTuple):
    """Where the battery listens: baud, dialect FRAMED or CONSOLE of capture_rows, whether it had to be woken."""

    baud: int
    dialect: str
    woken: bool = False


class Steps:
    """`port` is a capture_port.Port; `keep` takes each row, `say` each line of progress. serials: as they are."""

    def __init__(self, port, keep, say, clock=Clock, serials=False):
        self._port, self._keep, self._say, self._serials = port, keep, say, serials
        self._link = Link(port, clock, RATES[0])
        self._line = console_line.Line(port, clock)
        self._model = ""

    # where it listens

    def find(self, baud=None):
        """Looks at every rate, or at `baud` only -> Found, or None: no battery answers."""
        for rate in RATES if baud is None else (baud,):
            if rate == CONSOLE_BAUD:
                break
            if self._probe(rate):
                return Found(rate, capture_rows.FRAMED)
        if baud in (None, CONSOLE_BAUD):
            return self._find_console(baud is None)
        return None

    def _probe(self, rate):
        """Does a battery answer framed requests at this rate? RTN 90H: it may have another ADR."""
        link = self._link
        link.set_rate(rate)
        self._port.take()
        for address in ADDRESSES:
            link.address = address
            answer = self._framed(frame.PROTOCOL_VERSION, None, None, PROBES, f"{rate} baud, framed")
            if not (isinstance(answer, ReturnCode) and answer.code == frame.ADR_ERROR):
                return not isinstance(answer, NoReply)
        link.address = ADDRESSES[0]  # it answers, whatever it says
        return True

    def _find_console(self, may_wake):
        """A prompt at 115200 baud, framed replies there, or a console that wakes up -> Found or None."""
        waker = Waker(self._line, [])
        found = waker.step()
        self._strays()
        self._say(f"{CONSOLE_BAUD} baud, text console: {'a prompt' if found else 'no prompt'}")
        if found:
            return Found(CONSOLE_BAUD, capture_rows.CONSOLE)
        if self._probe(CONSOLE_BAUD):
            return Found(CONSOLE_BAUD, capture_rows.FRAMED)
        if not may_wake:
            return None
        self._say(f"waking a text console: {WAKE_UP.decode().strip()} at 1200 baud, then newlines at {CONSOLE_BAUD}")
        while (found := waker.step()) is None:
            pass
        self._strays()
        self._say(f"{CONSOLE_BAUD} baud, text console: {'a prompt' if found else 'no prompt'}")
        return Found(CONSOLE_BAUD, capture_rows.CONSOLE, woken=True) if found else None

    def ask(self, found):
        """Every read command once, those of a pack for each, where it was `found` -> how many packs."""
        return self._ask_framed(found) if found.dialect == capture_rows.FRAMED else self._ask_console()

    # the framed protocol

    def _ask_framed(self, found):
        self._link.set_rate(found.baud)
        count = None
        for cid2, parse in OF_THE_GROUP:
            answer = self._framed(cid2, parse)
            if cid2 == frame.MANUFACTURER and hasattr(answer, "device"):
                self._model = answer.device
            if cid2 == frame.PACK_COUNT and isinstance(answer, int):
                count = min(answer, MAX_PACKS)
        packs = 0
        for pack in range(1, 1 + (MAX_PACKS if count is None else count)):
            first, *_ = [self._framed(cid2, parse, pack) for cid2, parse in OF_A_PACK]
            if count is None and isinstance(first, NoReply | ReturnCode):
                break  # it does not say how many there are: until one does not answer
            packs = pack
        for pack in range(1, packs + 1):  # last, so that no late reply with one gets into another answer
            self._framed(frame.SERIAL_NUMBER, messages.serial_number, pack)
        return packs

    def _framed(self, cid2, parse, pack=None, attempts=ATTEMPTS, what=None):
        """One command -> what it answered, or the NoReply or ReturnCode."""
        try:
            answer = self._link.request(cid2, parse, pack, attempts)
        except (NoReply, ReturnCode) as error:
            answer = error
        for exchange in self._port.take():
            self._keep(capture_rows.framed(exchange, self._model, self._serials))
        place = f"pack {pack}, " if pack else ""
        self._say(f"{what or f'{place}{cid2:02X}H {COMMANDS[cid2]}'}: {self._in_words(answer, cid2)}")
        return answer

    def _in_words(self, answer, cid2):
        if isinstance(answer, NoReply):
            return str(answer).partition(": ")[2] or str(answer)
        if isinstance(answer, ReturnCode):
            return f"{answer}, {RETURN_CODES.get(answer.code, 'unknown')}"
        return {
            frame.ANALOG_VALUES: lambda: f"{len(answer[1][0].cells)} cells, {answer[1][0].voltage} mV",
            frame.ALARMS: lambda: f"states of {len(answer[1][0].cells)} cells",
            frame.SYSTEM_PARAMETERS: lambda: f"{len(answer)} values",
            frame.PROTOCOL_VERSION: lambda: f"version {answer >> 4}.{answer & 15}",
            frame.MANUFACTURER: lambda: f"{answer.device}, software {answer.version}, {answer.maker}",
            frame.PACK_COUNT: lambda: f"{answer}",
            frame.MANAGEMENT: lambda: f"{answer.charge_current} and {answer.discharge_current} mA",
            frame.SERIAL_NUMBER: lambda: f"{len(answer[1])} characters{'' if self._serials else ', masked'}",
        }[cid2]()

    # the text console

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
        """One command -> the lines of its answer, or the NoReply or ReturnCode."""
        what = f"{command} {pack or ''}".strip()
        for attempt in range(ATTEMPTS):
            kind, why = capture_rows.RECORDED, ""
            try:
                answer = self._line.request(command, pack, list, 1)
            except NoReply as error:
                answer, kind, why = error, capture_rows.DAMAGED, str(error).partition(": ")[2] or str(error)
            except ReturnCode as error:
                answer, kind = error, capture_rows.ERROR
            for exchange in self._port.take():
                self._keep(capture_rows.console(exchange, self._model, kind, why, self._serials))
            if not isinstance(answer, NoReply):
                break
            why += "; asking again" if attempt < ATTEMPTS - 1 else ""
            self._say(f"{what}: {why}")
            self._to_prompt()
        else:
            return answer
        said = f"{len(answer)} lines" if isinstance(answer, list) else "not known to this battery, or not possible"
        self._say(f"{what}: {said}")
        return answer

    def _to_prompt(self):
        """After a damaged answer: newlines until a prompt comes. The pager would eat a command's first character. What
        comes is the rest of an answer, and is not kept.
        """
        clock = self._line.clock
        began = clock.ticks_ms()
        received = b""
        while clock.ticks_diff(clock.ticks_ms(), began) < TO_PROMPT_MS and not received.rstrip().endswith(b">"):
            self._line.send(NEWLINE)
            clock.sleep_ms(PAUSE_MS)
            received = b"".join(bytes(exchange.received) for exchange in self._port.take())

    def _strays(self):
        """Keeps what came to keys and to the wake-up, when that is more than a prompt."""
        for exchange in self._port.take():
            with contextlib.suppress(UnicodeDecodeError):
                if exchange.received.decode("ascii").strip("\r\n ").rstrip("_>").isalpha():
                    continue
            if exchange.received:
                self._keep(capture_rows.stray(exchange, self._serials))


def packs_of(table):
    """Numbers of the packs that are there, by the rows of `pwr`, whatever its columns are."""
    rows = [line.split() for line in table]
    numbers = [int(words[0]) for words in rows if words and words[0].isdigit() and "Absent" not in words]
    return [number for number in numbers if 1 <= number <= MAX_PACKS]


def device_of(lines):
    """What `info N` says behind Device name, or ""."""
    for line in lines:
        name, _, value = line.partition(":")
        if name.split() == ["Device", "name"]:
            return value.strip()
    return ""
