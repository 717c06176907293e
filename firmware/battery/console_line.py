"""One command to the text console, one checked answer, as bytes: echo, "@", lines, end mark.

Each answer has a form: its first line, and how long its lines are, blanks included. While values change it stays; a
lost or doubled character makes another one. An answer is taken when its form is that of the one before, or came twice.
"""

import gc
from array import array
from binascii import crc32

from micropython import const

from . import NoReply, Refusal, drain

BAUD = 115_200
# Everything that is ever sent: the first four stand alone, all but the first with a pack's number
_COMMANDS = "time", "pwr", "info", "stat", "bat", "soh"
_ALONE = const(4)
_PACKS = const(17)  # from 1 to 16, and 0 for none
_END = b"\r\n"  # some consoles take only CR, some only CR LF
# Codes of refusals, as the framed protocol's RTN; and what one of the second kind says
_UNKNOWN, _INVALID = const(0x04), const(0x06)
_REFUSED = b"Invalid;fail;not ;unccess;unsuccess;rror;Usage;denied"
_REFUSAL_LINES = const(4)  # of one whose words are not in this table; it must come twice
_COMPLETED = b"Command completed successfully"  # an exclamation mark or a period can stand behind it
_ATTEMPTS = const(3)
_IDLE_MS = const(1500)  # without a character: the master asks its slave
_ANSWER_MS = const(3000)  # of a whole answer
_PAGER = b"[Enter]"  # in its line, which has no end
_PAGER_MS = const(60)  # of silence, then the pager waits
_POLL_MS = const(10)
_QUIET_MS = const(60)  # of silence before a command is repeated
_REST_MS = const(300)  # the same, where no end was heard
_CHUNK_BYTES = const(64)  # read at once
_LINE_BYTES = const(320)  # of the longest line: the header of `pwr` has 200
_BUFFER_BYTES = const(384)  # holds both
_MAX_LINES, _MAX_CHARACTER, _FORM = const(192), const(0x7E), const(0xFFFF)
_DOLLAR, _COLON, _LETTER = const(0x24), const(0x3A), const(0x41)
_MARK_BYTES = const(8)  # of a line with the end mark
_SHOWN = const(60)  # characters of the battery's words in a message


class Line:
    """The line to a battery that speaks text; like link.Link. `uart`: its input buffer, 2048 bytes, is full after
    177 ms. `failures`: requests in a row without an answer; the other counts are since the start.
    """

    def __init__(self, uart, clock):
        self.uart, self.clock, self.baud = uart, clock, BAUD
        self.failures = self.polls = self.timeouts = self.frame_errors = self.return_codes = 0
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._at = self._end = None  # of what was received and not yet taken
        self._began = self._heard = None  # ms: when the command was sent, and when something came behind it
        self._form = None  # of this answer
        self._forms = array("H", bytes(2 * 6 * _PACKS))  # of the answers before, one for each command and pack
        self._candidate = None  # (place in _forms, form) that came once
        self._echoes = None  # does it echo? None: not known yet

    def set_rate(self, baud):
        """Changes our side of the line to `baud`; what has been received is lost."""
        self.uart.init(baudrate=baud)
        self.baud = baud

    def request(self, command, pack, parse, attempts=_ATTEMPTS):
        """Asks until a whole answer comes -> parse(its lines, an iterator of bytes), which takes them all or raises
        ValueError. `command`: a text of the list above; `pack`: a number or None. With one of `attempts` nothing has to
        come twice. NoReply; Refusal, with the battery's words, of what it does not know (code 04H) or cannot do (06H).
        """
        text, place = _checked(command, pack)
        quiet, said = _QUIET_MS, None  # said: words that may be a refusal, from the attempt before
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
                lines = self._answer(text)
                try:
                    value = parse(lines)
                except ValueError:
                    for _ in lines:
                        pass  # it may be a refusal, which the end tells
                    raise
                if attempts == 1 or self._is_known(place):
                    self.failures = 0
                    return value
                last = NoReply("%s: its form is new" % command)
            except NoReply as error:
                last = error
                self.timeouts += 1
                if self._echoes is False:  # nothing tells what a late answer is of
                    self.clock.sleep_ms(_ANSWER_MS)
            except Refusal as error:
                last = NoReply(str(error))
                if error.code or str(error) == said:
                    self.failures = 0
                    self.return_codes += 1
                    raise Refusal(error.code or _INVALID, str(error))
                said = str(error)
                self.frame_errors += 1
            except ValueError as error:
                last = NoReply("%s: %s" % (str(text, "ascii"), error))
                quiet = _REST_MS
                self.frame_errors += 1
        self.failures += 1
        raise last

    def _is_known(self, place):
        """Has the answer the form of the one before, or of the last new one?"""
        known = self._form == self._forms[place]
        if not known and self._candidate == (place, self._form):
            self._forms[place] = self._form
            known = True
        self._candidate = None if known else (place, self._form)
        return known

    def _answer(self, command):
        """Yields the lines between "@" and the end mark, blanks at their ends included."""
        awaited = command, b"@"  # behind a prompt, or the rest of another answer
        code, words, count, done = 0, b"", 0, False  # of a refusal, and whether the answer is completed
        self._form = 0
        for number in range(_MAX_LINES):
            line = self._next(command)
            start = line[0]
            if awaited:
                word = line.strip()
                if _is_echo(word, b"@") and (len(awaited) == 1 or (number == 0 and not self._echoes)):
                    awaited = ()
                    self._echoes = self._echoes or False  # that came first: it does not echo
                elif _is_echo(word, command):  # some echo twice
                    awaited, self._echoes = (b"@",), True
                elif len(awaited) == 1:
                    break
            elif start == _DOLLAR or (len(line) <= _MARK_BYTES and _DOLLAR in line):
                if line.strip() != b"$$" or not (done or code or count <= _REFUSAL_LINES):
                    break
                if done:
                    return
                raise Refusal(code, str(b"%s: %s" % (command, words[:_SHOWN] or b"refused"), "ascii"))
            elif done:
                break
            elif start == _COMPLETED[0] and line.strip().rstrip(b"!.") == _COMPLETED:
                done = True
            else:
                if not code and start >= _LETTER and (count == 0 or _COLON not in line):  # no row and no value
                    code = _refusal(line, command)
                    words = b"" if code else words
                words = words or line.strip()
                count += 1
                if not code:
                    self._form = (33 * self._form + len(line)) & _FORM if self._form else crc32(line) & _FORM
                    yield line
        raise ValueError("damaged, or without an end, at %s" % str(line[:_SHOWN], "ascii"))

    def _next(self, command):
        """The next line that is not blank. It ends in CR or LF; NoReply or ValueError when none comes."""
        buffer = self._buffer
        while True:
            at, end = self._at, self._end
            while at < end and buffer[at] in _END:
                at += 1
            self._at = at
            stop = buffer.find(b"\r", at, end)
            other = buffer.find(b"\n", at, end if stop < 0 else stop)
            stop = stop if other < 0 else other
            if stop < 0:
                self._receive(command)
                continue
            self._at = stop
            line = bytes(self._view[at:stop])
            if not line.isspace() and _PAGER not in line:  # its line is blanked by CR and spaces
                if max(line) > _MAX_CHARACTER:
                    raise ValueError("a character %02XH" % max(line))
                return line

    def _receive(self, command):
        """Waits for more and puts it behind what there is. The pager's line gets the end that it lacks."""
        clock, view = self.clock, self._view
        end = self._end - self._at
        view[:end] = view[self._at : self._end]
        self._at, self._end = 0, end
        while True:
            count = self.uart.readinto(view[end : end + _CHUNK_BYTES])
            now = clock.ticks_ms()
            silent = clock.ticks_diff(now, self._began if self._heard is None else self._heard)
            if clock.ticks_diff(now, self._began) >= _ANSWER_MS or end > _LINE_BYTES:
                raise ValueError("an answer without an end")
            if count:
                self._heard = now
                self._end += count
                return
            if silent >= _PAGER_MS and self._buffer.find(_PAGER, 0, end) >= 0:
                self.uart.write(b"\r")
                self._buffer[end] = _END[0]
                self._end += 1
                return
            if silent >= _IDLE_MS:
                if self._heard is None:
                    raise NoReply("%s at %d baud: no reply" % (str(command, "ascii"), self.baud))
                raise ValueError("an answer without an end")
            clock.sleep_ms(_POLL_MS)


def _checked(command, pack):
    """-> (the command as bytes, its place among the forms); ValueError when it may not be sent."""
    kind = _COMMANDS.index(command)
    if kind >= _ALONE if pack is None else not (kind and pack in range(1, _PACKS)):
        raise ValueError("no read command")
    text = command if pack is None else "%s %d" % (command, pack)
    return text.encode(), _PACKS * kind + (pack or 0)


def _is_echo(word, command):
    """Is it the command, behind a prompt or alone?"""
    prompt = word[: -len(command)].rstrip()[-1:]
    return word.endswith(command) and not (prompt.isalpha() or prompt.isdigit())


def _refusal(line, command):
    if b"Unknown command" in line:
        if b"'%s'" % command.split()[0] not in line and b"'%s'" % command not in line:
            raise ValueError(str(line.strip()[:_SHOWN], "ascii"))  # it heard another command
        return _UNKNOWN
    for words in _REFUSED.split(b";"):
        if words in line:
            return _INVALID
    return 0
