"""What a capture asks a battery: where it listens, then every read command of its dialect. The firmware asks it."""

import re

from firmware.battery import NoReply, Refusal, frame, link_search, pace, search
from firmware.battery.console_line import Line
from firmware.battery.link import Link, Rs485Link
from firmware.battery.search import CONSOLE, CONSOLE_BAUD, FRAMED, PACE, RS485
from tools import capture_rows, decode_values
from tools.capture_port import WAKE_UP

NAMES = {FRAMED: "framed protocol", CONSOLE: "text console", PACE: "framed protocol of PACE",
         RS485: "framed protocol of an RS485 port"}
ROUNDS, ATTEMPTS, PROMPTS = 2, 3, 10  # of the search, of a question, of newlines until a prompt comes
ALL_PACKS = 0xFF  # of PACE
OF_THE_GROUP = (frame.MANUFACTURER, frame.PROTOCOL_VERSION, frame.SYSTEM_PARAMETERS, frame.PACK_COUNT)
OF_A_PACK = (frame.ANALOG_VALUES, frame.ALARMS, frame.MANAGEMENT, pace.PaceLink.PROTOCOL_VERSION)
SERIAL_NUMBERS = (frame.SERIAL_NUMBER, pace.PaceLink.SERIAL_NUMBER)
IN_WORDS = (frame.MANUFACTURER, frame.PACK_COUNT)  # whose answers are said
CONSOLE_OF_A_PACK = ("info", "pwr", "bat", "stat", "soh")
ALONE = ("info", "stat")  # some consoles answer them only without a number, for the master
FORCE = ("UTlow", "CoulombAH")  # columns of `pwr`


class Steps:
    """`port` is a capture_port.Port; `keep` takes each row, `say` each line of progress. group: of an RS485 port.
    serials: whether serial numbers stay in the rows.
    """

    def __init__(self, port, keep, say, group=0, serials=False):
        self._port, self._keep, self._say, self._group, self._serials = port, keep, say, group, serials
        self._dialect, self._model = FRAMED, ""

    def find(self, baud=None):
        """Tries all that the firmware tries, or what it tries at `baud` -> (baud, dialect, did it have to be woken), or
        None: no battery answers.
        """
        slow, (prompt, *wake_up) = search.probes(FRAMED), search.probes(CONSOLE)
        fast = [one for one in search.probes(FRAMED, CONSOLE_BAUD) if one not in slow]
        # PACE first, since such a battery may take the others' questions, too; what wakes a console last
        quiet = [*search.probes(PACE), *slow, prompt, *search.probes(RS485, group=self._group), *fast]
        woken = False
        for probe in [one for one in quiet if baud in (None, one[1])] * ROUNDS + (wake_up if baud is None else []):
            dialect, rate, data = probe
            name = search.answers(self._port, self._port.clock, probe)
            woken = woken or data == WAKE_UP
            self._keep_all(name or dialect)
            what = f"{data.decode().strip()} to wake a text console" if data == WAKE_UP else dialect
            self._say(f"{rate} baud, {what}: {f'answers as {name}' if name else 'no answer'}")
            if name:
                self._dialect = name
                return CONSOLE_BAUD if name == CONSOLE else rate, name, woken
        return None

    def ask(self, baud):
        """Every read command once, those of a pack for each, where it was found -> how many packs."""
        return self._ask_console() if self._dialect == CONSOLE else self._ask_framed(baud)

    def _keep_all(self, dialect, refused=None):
        for exchange in self._port.take():
            row = capture_rows.row(exchange, dialect, self._model, refused, self._serials)
            if row:
                self._keep(row)

    def _ask_framed(self, baud):
        port, is_pace, count = self._port, self._dialect == PACE, None
        if self._dialect == RS485:
            link = Rs485Link(port, port.clock, baud, self._group)
        else:  # with the ADR or VER that the battery takes
            link = (pace.PaceLink if is_pace else Link)(port, port.clock, baud)
            (link_search.reaches_pace if is_pace else link_search.reaches)(link)
        self._keep_all(self._dialect)
        for cid2 in OF_THE_GROUP:
            answer = self._framed(link, cid2, ALL_PACKS if is_pace else None)
            if cid2 == frame.MANUFACTURER and isinstance(answer, tuple):
                self._model = answer[0]
            if cid2 == frame.PACK_COUNT and not isinstance(answer, NoReply | Refusal | None):
                count = min(answer[1] if is_pace else answer, frame.MAX_PACKS)
        packs = 0
        for pack in range(1, 1 + (frame.MAX_PACKS if count is None else count)):
            first, *_ = [self._framed(link, cid2, pack) for cid2 in OF_A_PACK]
            if count is None and isinstance(first, NoReply | Refusal):
                break  # it does not say how many there are: until one does not answer
            packs = pack
        for pack in range(1, packs + 1):  # last, so that no late reply with one gets into another answer
            for cid2 in SERIAL_NUMBERS:
                self._framed(link, cid2, pack)
        return packs

    def _framed(self, link, cid2, pack=None):
        """One command -> what it answered, or the NoReply or Refusal; None: the dialect has no such command."""
        if cid2 not in link.commands:
            return None
        name, _, read = (decode_values.PACE if self._dialect == PACE else decode_values.COMMANDS)[cid2]

        def parse(info):
            answer = read(info)
            return (pack, answer) if isinstance(answer, str) else answer  # a text of PACE does not say whose it is

        try:
            answer = link.request(cid2, parse if read else None, pack, ATTEMPTS)
            values = decode_values.values(cid2, answer) if cid2 in IN_WORDS else [("", "answered")]
            said = ", ".join(value for _, value in values)
        except (NoReply, Refusal) as error:
            answer, said = error, capture_rows.reason(error)
        self._keep_all(self._dialect)
        self._say(f"{f'pack {pack}, ' if pack not in (None, ALL_PACKS) else ''}{cid2:02X}H {name}: {said}")
        return answer

    def _ask_console(self):
        line = Line(self._port, self._port.clock)
        line.set_rate(CONSOLE_BAUD)
        rows = [text.split() for text in self._console(line, "pwr") or ()]
        # of those that are there, whatever the columns of the table are
        packs = [int(words[0]) for words in rows if words[:1] and words[0].isdigit() and "Absent" not in words]
        packs = [number for number in packs if 1 <= number <= frame.MAX_PACKS]
        if any(name in words for words in rows for name in FORCE):
            self._say("these columns are of the Force family, which the firmware does not know; all is recorded")
        self._say(f"packs in the table: {', '.join(map(str, packs)) or 'none that can be read, trying pack 1'}")
        self._console(line, "time")
        for pack in packs or [1]:
            for command in CONSOLE_OF_A_PACK:
                if self._console(line, command, pack) is None and pack == 1 and command in ALONE:
                    self._console(line, command)
        return len(packs)

    def _console(self, line, command, pack=None):
        """One command -> the lines of its answer, or None."""
        for _ in range(ATTEMPTS):
            try:
                lines, refused = line.request(command, pack, _texts, 1), None
            except (NoReply, Refusal) as error:
                lines, refused = None, error
            for text in lines or () if command == "info" else ():
                name = re.match(r"\s*Device name *: *(.*\S)", text)
                self._model = name[1] if name else self._model
            self._keep_all(CONSOLE, refused)
            said = capture_rows.reason(refused) if refused else f"{len(lines)} lines"
            self._say(f"{command} {pack or ''}".strip() + f": {said}")
            if not isinstance(refused, NoReply):
                break
            # The pager would eat a command's first character. What comes is the rest of an answer, and is not kept
            prompt = search.probes(CONSOLE)[0]
            any(search.answers(self._port, self._port.clock, prompt) for _ in range(PROMPTS))
            self._port.take()
        return lines


def _texts(lines):
    """The lines of an answer -> list of texts."""
    return [bytes(line).decode(capture_rows.ENCODING) for line in lines]
