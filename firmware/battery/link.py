"""One request, one checked reply over the UART: timeouts, retries, counts (§2.9)."""

import gc

from micropython import const

from . import ADR_ERROR, NoReply, Refusal, drain, frame

_BITS = const(10)  # of a character: start, 8 data, stop
_TURN_ROUND_MS = const(1000)  # the master asks its slave before it answers
_AFTER_DAMAGE_MS = const(200)  # a whole reply may still follow a damaged line
_POLL_MS = const(5)
_QUIET_MS = const(40)  # silence on the line before a request is repeated
_ATTEMPTS = const(3)
_CHUNK = const(64)  # bytes
_FIRST, _LAST = const(2), const(254)  # RS485: ADR of the first pack, and the highest
_GROUP = const(16)  # from the ADR of a group to that of the next
_MOST_BYTES = const(400)  # that one question can bring, with a late reply and noise; then the line only babbles


def read_pack(ask, ask_alarms, layouts, pack):
    """-> (analog values of one pack, its alarms or None). `ask`, `ask_alarms`: as Link.request(); `layouts`: has
    analog_values() and alarms(). NoReply, Refusal: there are no analog values.
    """
    analog = _only_pack(ask(frame.ANALOG_VALUES, layouts.analog_values, pack))
    try:
        reply = ask_alarms(frame.ALARMS, layouts.alarms, pack)
        alarm = reply and _only_pack(reply)
        if alarm and (len(alarm.cells), len(alarm.temperatures)) == (len(analog.cells), len(analog.temperatures)):
            return analog, alarm
    except (NoReply, Refusal):
        pass  # the values are good without
    return analog, None


def _only_pack(reply):
    """The values in a parsed reply (number, [values of a pack, …]) about one pack. NoReply: it is about more."""
    if len(reply[1]) != 1:
        raise NoReply("a reply of %d packs" % len(reply[1]))
    return reply[1][0]


def flags_of(rows, data):
    """Rows of flags, bit 0 first, None where a bit has none, and a byte for each row -> those whose bit is set."""
    return [key for keys, byte in zip(rows, data) for bit, key in enumerate(keys) if key and byte >> bit & 1]


class Dialect:
    """What a dialect of frames has beside read(), packs() and identity()."""

    def limits(self, pack=0):
        """None: this dialect cannot tell."""
        return None

    parameters = counters = limits


class Link:
    """The line to the master pack. `failures`: requests in a row without a reply; the other counts are since the start.
    """

    addresses = (1, 2, 0)  # ADR: 01H by the protocol, the others for a battery that refuses it
    masters = ()  # ADR that replies may have beside the one that was asked
    version = 0x20  # VER of requests
    commands = frame.COMMANDS  # all that can be sent
    last_pack = 0  # the highest that answered when packs were counted by asking

    def __init__(self, uart, clock, baud):
        self.uart, self.clock, self.baud = uart, clock, baud
        self._chunk = bytearray(_CHUNK)
        self._reader = frame.Reader()
        self.address = 1
        self.failures = self.polls = self.timeouts = self.frame_errors = self.return_codes = 0

    def set_rate(self, baud):
        """Changes our side of the line to `baud`; what has been received is lost."""
        self.uart.init(baudrate=baud)
        self.baud = baud

    def request(self, cid2, parse=None, byte=None, attempts=_ATTEMPTS):
        """Asks until a reply comes that answers -> parse(INFO of the reply), or VER where none is expected. `byte` is
        the INFO of the question, if it has one; the parsed reply must begin with it. `parse` raises ValueError for an
        INFO that is no answer. NoReply after `attempts`, Refusal when the battery declines.
        """
        for attempt in range(attempts):
            drain(self.uart, self._chunk, self.clock, _QUIET_MS if attempt else 0)
            try:
                value = self._ask(cid2, parse, byte)
                self.failures = 0
                return value
            except NoReply as error:
                last = error
            except Refusal as error:
                last = error
                self.failures = 0
                self.return_codes += 1
                if error.code not in (frame.CHKSUM_ERROR, frame.LCHKSUM_ERROR):
                    break
        self.failures += isinstance(last, NoReply)
        raise last

    def _ask(self, cid2, parse, byte):
        clock, commands, reader = self.clock, self.commands, self._reader
        question = frame.encode(cid2, b"" if byte is None else bytes((byte,)), self.address, self.version, commands)
        wire_ms = (len(question) + frame.longest_reply(cid2, commands)) * _BITS * 1000 // self.baud
        deadline = clock.ticks_add(clock.ticks_ms(), wire_ms + _TURN_ROUND_MS)
        reader.clear()
        why, room = None, _MOST_BYTES
        self.polls += 1
        self.uart.write(question)
        gc.collect()  # here, where the answer has to be waited for anyway
        while True:
            if count := self.uart.readinto(self._chunk):
                reader.feed(self._chunk, count)
                room -= count
                while line := reader.next():
                    if line == question:  # an echo, as of some RS485 modules
                        continue
                    try:
                        return self._answer(frame.decode(line), parse, byte)
                    except frame.FrameError as error:
                        why = error
                        soon = clock.ticks_add(clock.ticks_ms(), _AFTER_DAMAGE_MS)
                        if clock.ticks_diff(deadline, soon) > 0:
                            deadline = soon
                    except ValueError as error:  # a whole frame, but of another question: ours may still come
                        why = error
                    self.frame_errors += 1
            if room < 0 or clock.ticks_diff(deadline, clock.ticks_ms()) <= 0:
                self.timeouts += why is None
                raise NoReply("%02XH at %d baud: %s" % (cid2, self.baud, why or "no reply"))
            if not count:
                clock.sleep_ms(_POLL_MS)

    def _answer(self, reply, parse, byte):
        if reply.cid1 != frame.CID1:
            raise ValueError("CID1 is %02XH" % reply.cid1)
        if reply.address != self.address and reply.code != ADR_ERROR and reply.address not in self.masters:
            raise ValueError("reply of ADR %02XH" % reply.address)
        if reply.code != frame.NORMAL:
            raise Refusal(reply.code, frame.return_code(reply.code))
        if parse is None:
            if reply.info:
                raise ValueError("INFO where none belongs")
            return reply.version
        if not reply.info:  # as batteries do for a pack that is absent
            raise Refusal(frame.INVALID_DATA, "a reply without data")
        value = parse(reply.info)
        if byte is not None and value[0] != byte:
            raise ValueError("reply of pack %d" % value[0])
        return value


class Rs485Link(Link):
    """The line to an RS485 port (V3.3): pack 1, 2, … has ADR 2, 3, … plus 10H times the `group`, in INFO, too."""

    def __init__(self, uart, clock, baud, group):
        super().__init__(uart, clock, baud)
        self.address = _FIRST + _GROUP * group
        self.addresses = (self.address,)
        self.commands = frame.COMMANDS.copy()
        for unknown in (frame.PACK_COUNT, frame.SET_RATE):
            self.commands.pop(unknown)

    def request(self, cid2, parse=None, byte=None, attempts=_ATTEMPTS):
        """As Link.request(); `byte` is the number of a pack, None asks the first one for what names no pack."""
        self.address = self.addresses[0] + (byte or 1) - 1
        if self.address > _LAST:
            raise NoReply("no address for pack %d" % byte)
        return super().request(cid2, parse, byte and self.address, attempts)
