"""What a capture asks a text console, command by command."""

from __future__ import annotations

import re

from firmware.battery import NoReply, Refusal
from firmware.battery.console_line import Line
from tools import capture_rows
from tools.capture_port import NEWLINE

CONSOLE_BAUD = 115200
ATTEMPTS, MAX_PACKS = 3, 16
TO_PROMPT_MS, PAUSE_MS = 10_000, 500
FOREIGN = ("UTlow", "CoulombAH")  # columns of `pwr`
BARE = ("info", "stat")  # some consoles answer them only without a number, for the master
CONSOLE_OF_A_PACK = ("info", "pwr", "bat", "stat", "soh")
PROMPT = re.compile(rb"[A-Za-z][\w-]+>\s*$")


class ConsoleSteps:
    """Arguments as of capture_steps.Steps."""

    def __init__(self, port, keep, say, serials):
        self._port, self._keep, self._say, self._serials = port, keep, say, serials
        self._line = Line(port, port.clock)
        self._model = ""

    def ask(self):
        """Every read command once, those of a pack for each -> how many packs."""
        self._line.set_rate(CONSOLE_BAUD)
        table = self._request("pwr")
        packs = packs_of(table) if isinstance(table, list) else []
        if isinstance(table, list) and any(name in line.split() for line in table for name in FOREIGN):
            self._say("these columns are of the Force family, which the firmware does not know; all is recorded")
        self._say(f"packs in the table: {', '.join(map(str, packs)) or 'none that can be read, trying pack 1'}")
        self._request("time")
        for pack in packs or [1]:
            for command in CONSOLE_OF_A_PACK:
                answer = self._request(command, pack)
                if pack == 1 and command in BARE and isinstance(answer, Refusal):
                    answer = self._request(command)
                if command == "info" and isinstance(answer, list):
                    self._model = device_of(answer)
        return len(packs)

    def _request(self, command, pack=None):
        """One command -> the lines of its answer, or the NoReply or Refusal."""
        what = f"{command} {pack or ''}".strip()
        for attempt in range(ATTEMPTS):
            kind, why = capture_rows.RECORDED, ""
            try:
                answer = self._line.request(command, pack, _texts, 1)
            except NoReply as error:
                answer, kind = error, capture_rows.DAMAGED
                why = str(error).partition(": ")[2] or str(error)
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

    def _received(self):
        return b"".join(bytes(exchange.received) for exchange in self._port.take())


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
