"""One command to the text console, one checked answer: echo, "@", lines, end mark. Everything is bytes."""

import gc

from micropython import const

from . import NoReply, Refusal, drain

BAUD = 115_200
# Everything that is ever sent: with a pack's number, and those that can stand alone
_WITH_PACK = "bat;info;stat;soh;pwr"
_ALONE = "pwr;time;info;stat"
_MAX_PACKS = const(16)
_END = b"\r\n"  # some consoles take only CR, some only CR LF
# Codes of refusals, as the framed protocol's RTN; and what one of the second kind says
_UNKNOWN = const(0x04)
_INVALID = const(0x06)
_REFUSED = b"Invalid;fail;not ;unccess;unsuccess;rror;Usage;denied"
_REFUSAL_LINES = const(4)  # of one whose words are not in this table; it must come twice
_COMPLETED = b"Command completed successfully"  # an exclamation mark can stand behind it
_ATTEMPTS = const(3)
_IDLE_MS = const(1500)  # without a character: the master asks its slave before it answers
_ANSWER_MS = const(3000)  # of a whole answer
_PAGER = b"[Enter]"  # in its line, which has no end
_PAGER_MS = const(60)  # of silence, then the pager waits
_QUIET_MS = const(60)  # silence on the line before a command is repeated,
_REST_MS = const(300)  # or more, where its answer was not heard to the end
_POLL_MS = const(10)
_COLLECT_LINES = const(8)  # make garbage for one collection
_CHUNK_BYTES = const(128)  # read at once, at most
_LINE_BYTES = const(400)  # of the longest line; the header of `pwr` has about 200
_BUFFER_BYTES = const(640)  # holds a line and a chunk
_MAX_LINES = const(192)
_MAX_CHARACTER = const(0x7E)
_DOLLAR, _COLON, _LETTER = const(0x24), const(0x3A), const(0x41)
_MARK_BYTES = const(8)  # of a line with the end mark
_ENDLESS = "an answer without an end"
_DAMAGED = "the end mark is damaged"
_SHOWN = const(60)  # characters of the battery's words in a message


class Line:
    """The line to a battery that speaks text; like link.Link.

    `uart`: a machine.UART or the like, whose input buffer of 2048 bytes is full after 177 ms. `clock`: ticks_ms,
    ticks_diff, sleep_ms. `failures`: requests in a row without an answer; the other counts are since the start.
    """

    def __init__(self, uart, clock):
        self.uart = uart
        self.clock = clock
        self.baud = BAUD
        self.failures = self.polls = self.timeouts = self.frame_errors = self.return_codes = 0
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._lines = 0  # since garbage was collected
        self._at = self._end = 0  # of what was received and not yet taken
        self._began, self._heard = 0, None  # ms: when the command was sent, and when something came behind it

    def set_rate(self, baud):
        """Changes our side of the line to `baud`; what has been received is lost."""
        self.uart.init(baudrate=baud)
        self.baud = baud

    def request(self, command, pack, parse, attempts=_ATTEMPTS):
        """Asks until a whole answer comes -> parse(its lines, an iterator of bytes).

        `command`: a text of the list above; `pack`: a number or None; ValueError for anything else. `parse` takes all
        lines; it raises ValueError for what does not fit, and returns None for what must come twice. NoReply after
        `attempts`; Refusal, with the battery's words, of what it does not know (code 04H) or cannot do (06H).
        """
        text, quiet = _checked(command, pack), _QUIET_MS
        said = None  # words that may be a refusal, from the attempt before
        for attempt in range(attempts):
            again = attempt or self.failures
            if again:
                self.uart.write(_END)  # out of the pager, or of half a command
            drain(self.uart, self._view, self.clock, quiet if again else 0)
            self._at = self._end = 0
            self.polls += 1
            self.uart.write(text + _END)
            self._began, self._heard = self.clock.ticks_ms(), None
            gc.collect()  # here, where the answer has to be waited for anyway
            try:
                value = self._parsed(text, parse)
                if value is not None:
                    self.failures = 0
                    return value
                last = NoReply("%s: its form is new" % command)
            except NoReply as error:
                last = error
                self.timeouts += 1
            except Refusal as error:
                words = str(error)
                if error.code or words == said:
                    self.failures = 0
                    self.return_codes += 1
                    raise Refusal(error.code or _INVALID, words)
                said = words
                last = NoReply(words)
                self.frame_errors += 1
            except ValueError as error:
                last = NoReply("%s: %s" % (str(text, "ascii"), error))
                quiet = _REST_MS
                self.frame_errors += 1
        self.failures += 1
        raise last

    def _parsed(self, command, parse):
        """The value of an answer. One that `parse` does not take is heard to its end too: it may be a refusal."""
        lines = self._answer(command)
        try:
            return parse(lines)
        except ValueError as error:
            wrong = error
        try:
            list(lines)
        except ValueError:
            pass  # the first one says more
        raise wrong

    def _answer(self, command):
        """Yields the lines between "@" and the end mark, blanks at their ends included."""
        self._skip_to_echo(command)
        at = self._next(command).strip()
        if at == command:  # some echo twice
            at = self._next(command).strip()
        if at != b"@":
            raise ValueError("no @ behind the echo")
        code, words, done = 0, [], False  # of a refusal, and whether the answer is completed
        for count in range(_MAX_LINES):
            line = self._next(command)
            start = line[0]
            if start == _DOLLAR or (len(line) <= _MARK_BYTES and _DOLLAR in line):
                if line.strip() != b"$$" or not (done or code or count <= _REFUSAL_LINES):
                    raise ValueError(_DAMAGED)
                if done:
                    return
                said = b"%s: %s" % (command, b"; ".join(words)[:_SHOWN] or b"refused")
                raise Refusal(code, str(said, "ascii"))
            if done:
                raise ValueError(_DAMAGED)
            if start == _COMPLETED[0] and line.strip().rstrip(b"!") == _COMPLETED:
                done = True
                continue
            if not code and start >= _LETTER and (count == 0 or _COLON not in line):  # no row and no value
                code = _refusal(line, command)
                words = [] if code else words
            if len(words) < _REFUSAL_LINES:
                words.append(line.strip())
            if not code:
                yield line
        raise ValueError(_ENDLESS)

    def _skip_to_echo(self, command):
        """Takes the line with the echo; what comes before it is a prompt, or the rest of another answer."""
        first = None
        try:
            for _ in range(_MAX_LINES):
                line = self._next(command)
                first = first or line
                if line[line.rfind(b">") + 1 :].strip() == command:
                    return
        except ValueError:
            if not first:
                raise
        raise ValueError("no echo, but %s" % str(first.strip()[:_SHOWN], "ascii"))

    def _next(self, command):
        """The next line that is not blank. It ends in CR or LF; NoReply or ValueError when none comes."""
        buffer, at = self._buffer, self._at
        seen = 0  # bytes of the line that is coming, without an end so far
        while True:
            end = self._end
            while not seen and at < end and buffer[at] in _END:
                at += 1
            stop = buffer.find(b"\r", at + seen, end)
            other = buffer.find(b"\n", at + seen, end if stop < 0 else stop)
            stop = stop if other < 0 else other
            if stop >= 0:
                line = bytes(self._view[at:stop])
                at, self._at, seen = stop, stop, 0
                if line.isspace() or line.find(_PAGER) >= 0:  # the pager's line is blanked by CR and spaces
                    continue
                if max(line) > _MAX_CHARACTER:
                    raise ValueError("a character %02XH" % max(line))
                self._lines += 1
                return line
            seen = end - at
            if seen > _LINE_BYTES:
                raise ValueError(_ENDLESS)
            self._at = at
            self._receive(command)
            at = self._at

    def _receive(self, command):
        """Waits for more and puts it behind what there is. The pager's line gets the end that it lacks."""
        clock, view = self.clock, self._view
        at, end = self._at, self._end
        if at:
            view[: end - at] = view[at:end]
            self._at, self._end = 0, end - at
            end -= at
        while True:
            count = self.uart.readinto(view[end : end + _CHUNK_BYTES])
            now = clock.ticks_ms()
            if clock.ticks_diff(now, self._began) >= _ANSWER_MS:
                raise ValueError(_ENDLESS)
            if count:
                self._heard = now
                self._end = end + count
                return
            silent = clock.ticks_diff(now, self._began if self._heard is None else self._heard)
            if end and silent >= _PAGER_MS and self._buffer.find(_PAGER, 0, end) >= 0:
                self.uart.write(b"\r")
                self._buffer[end] = _END[0]
                self._end = end + 1
                return
            elif silent < _IDLE_MS:
                if self._lines >= _COLLECT_LINES:  # here, where the rest has to be waited for anyway
                    self._lines = 0
                    gc.collect()
                clock.sleep_ms(_POLL_MS)
            elif self._heard is None:
                raise NoReply("%s at %d baud: no reply" % (str(command, "ascii"), self.baud))
            else:
                raise ValueError(_DAMAGED)


def _checked(command, pack):
    """The command as bytes, if it may be sent."""
    if pack is None and command in _ALONE.split(";"):
        return command.encode()
    if command in _WITH_PACK.split(";") and isinstance(pack, int) and 1 <= pack <= _MAX_PACKS:
        return ("%s %d" % (command, pack)).encode()
    raise ValueError("%s is not a read command" % command)


def _refusal(line, command):
    """The code of a line that refuses a command, or 0."""
    if line.find(b"Unknown command") >= 0:
        name = command.split()[0]
        if line.find(b"'%s'" % name) < 0 and line.find(b"'%s'" % command) < 0:
            raise ValueError(str(line.strip()[:_SHOWN], "ascii"))  # it heard another command
        return _UNKNOWN
    for words in _REFUSED.split(b";"):
        if line.find(words) >= 0:
            return _INVALID
    return 0
