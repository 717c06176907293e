"""One command to the text console, one checked answer: echo, "@", lines, end mark; line by line, each bounded."""

from micropython import const

from . import NoReply, ReturnCode, drain

BAUD = 115_200
# All that is ever sent; with a pack's number, but for the last two, which can stand alone
_COMMANDS = ("bat", "info", "stat", "soh", "pwr", "time")
_WITH_PACK, _ALONE = _COMMANDS[:5], _COMMANDS[4:]
_MAX_PACKS = const(16)
# what the two kinds of a refusal are as RTN (§2.9)
_UNKNOWN = const(0x04)
_INVALID = const(0x06)
_ATTEMPTS = const(3)
_IDLE_MS = const(1500)  # without a character: the master asks its slave before it answers
_LONGEST_MS = const(3000)  # of a whole answer
_PAGER_MS = const(60)  # of silence behind a line without an end: the pager waits
_QUIET_MS = const(60)  # silence on the line before a command is repeated,
_REST_MS = const(300)  # or more, where its answer was not heard to the end
_POLL_MS = const(5)
_CHUNK = const(64)  # bytes read at once
_LONGEST_LINE = const(400)  # characters; the header of `pwr` has about 200
_MOST_LINES = const(128)
_DEL = const(0x7F)
_SHOWN = const(40)  # characters of a line in a message


class Unsettled(ValueError):
    """Nothing is wrong with the answer, but it has to come once more."""


class Line:
    """The line to a battery that speaks text; its face is that of link.Link.

    `uart` is a machine.UART or the like with an input buffer of 2048 bytes: 177 ms at 115200 baud may pass between two
    reads. `clock` has ticks_ms, ticks_diff and sleep_ms. `failures` counts requests in a row that brought no answer;
    the other counts are since the start.
    """

    def __init__(self, uart, clock):
        self.uart = uart
        self._chunk = memoryview(bytearray(_CHUNK))
        self.clock = clock
        self.baud = BAUD
        self.failures = self.polls = self.timeouts = self.frame_errors = self.return_codes = 0

    def set_rate(self, baud):
        """Changes our side of the line to `baud`; what has been received is lost."""
        self.uart.init(baudrate=baud)
        self.baud = baud

    def send(self, data):
        """Bytes to the battery, for the wake-up."""
        self.uart.write(data)

    def receive(self):
        """What has arrived, 64 bytes at most, or None."""
        count = self.uart.readinto(self._chunk)
        return self._chunk[:count] if count else None

    def request(self, command, pack, parse, attempts=_ATTEMPTS):
        """Asks until an answer comes that is one -> parse(its lines, an iterator of texts).

        `command` is one of those listed above, `pack` a number or None; ValueError for any other. `parse` takes all
        lines and raises ValueError for what does not fit, Unsettled for what must come twice. NoReply after `attempts`;
        ReturnCode 04H when the battery does not know the command, 06H when it cannot do it, such as for a pack that is
        absent.
        """
        text = _checked(command, pack)
        quiet = _QUIET_MS
        for attempt in range(attempts):
            again = attempt or self.failures
            if again:
                self.uart.write(b"\n")  # out of the pager, or of half a command
            drain(self.uart, self._chunk, self.clock, quiet if again else 0)
            self.polls += 1
            self.uart.write(text.encode() + b"\n")
            try:
                value = parse(self._answer(text))
                self.failures = 0
                return value
            except NoReply as error:
                last = error
                self.timeouts += 1
            except ReturnCode:
                self.failures = 0
                self.return_codes += 1
                raise
            except ValueError as error:
                last = NoReply("%s: %s" % (text, error))
                if not isinstance(error, Unsettled):
                    quiet = _REST_MS
                    self.frame_errors += 1
        self.failures += 1
        raise last

    def _answer(self, command):
        """Yields the lines between "@" and the end mark, spaces at their ends included."""
        lines = self._lines(command)
        _skip_to_echo(lines, command)
        at = next(lines).strip()
        if at == command:  # some echo twice
            at = next(lines).strip()
        if at != "@":
            raise ValueError("no @ behind the echo")
        code = None
        done = False
        for line in lines:
            text = line.strip()
            if text == "$$" and (done or code):
                if code:
                    raise ReturnCode(code)
                return
            if done or text[:1] == "$":
                raise ValueError("the end mark is damaged")
            if text == "Command completed successfully":
                done = True
            elif text[:7] == "Unknown":
                if text.find("'%s'" % command.split()[0]) < 0 and text.find("'%s'" % command) < 0:
                    raise ValueError(text[:_SHOWN])
                code = _UNKNOWN
            elif text[:15] == "Invalid command":
                code = _INVALID
            elif not code:
                yield line

    def _lines(self, command):
        """Yields what arrives, cut into lines, without those that are blank; ends with NoReply or ValueError."""
        clock = self.clock
        diff = clock.ticks_diff
        start = last = clock.ticks_ms()
        buffer = bytearray()
        count = 0
        while True:
            end = buffer.find(b"\n")
            if end >= 0:
                line = _unwrapped(bytes(buffer[:end]))
                buffer = buffer[end + 1 :]
                if line:
                    count += 1
                    yield line
                continue
            if len(buffer) > _LONGEST_LINE or count > _MOST_LINES:
                raise ValueError("an answer without an end")
            some = self.receive()
            now = clock.ticks_ms()
            if some:
                buffer += some
                last = now
            elif diff(now, last) >= _PAGER_MS and (buffer.find(b"Enter") >= 0 or buffer.find(b"exit") >= 0):
                self.uart.write(b"\r")
                buffer = bytearray()
                count += 1
            elif diff(now, last) < _IDLE_MS:
                clock.sleep_ms(_POLL_MS)
            elif count or buffer:
                raise ValueError("the answer has no end mark")
            else:
                raise NoReply("%s at %d baud: no reply" % (command, self.baud))
            if diff(now, start) >= _LONGEST_MS:
                raise ValueError("the answer has no end")


def _checked(command, pack):
    """The command as text, if it may be sent."""
    if pack is None and command in _ALONE:
        return command
    if command in _WITH_PACK and isinstance(pack, int) and 1 <= pack <= _MAX_PACKS:
        return "%s %d" % (command, pack)
    raise ValueError("%s is not a read command" % command)


def _skip_to_echo(lines, command):
    """Takes the line with the echo; what comes before it is a prompt, or the rest of another answer."""
    first = None
    try:
        for line in lines:
            first = first or line
            if line[line.rfind(">") + 1 :].strip() == command:
                return
    except ValueError:
        if not first:
            raise
        raise ValueError("no echo, but %s" % first.strip()[:_SHOWN])


def _unwrapped(line):
    """The one text between the CRs of a line, or None; the pager's line is blanked by CR and spaces."""
    found = None
    if line and max(line) > _DEL:
        raise ValueError("a character %02XH" % max(line))
    for part in line.decode().split("\r"):
        if part.strip() and part.find("[Enter]") < 0:
            if found:
                raise ValueError("a line end is lost")
            found = part
    return found
