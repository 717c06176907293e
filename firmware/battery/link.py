"""One request, one checked reply over the UART: timeouts, retries, the rate switch and the search (§2.9, §5)."""

from micropython import const

from . import frame

RATES = (1200, 2400, 4800, 9600, 19200)
_SETTABLE = (1200, 2400, 4800)  # by INFO 01H, 02H, 03H of 91H
_ADDRESSES = (1, 2, 0)  # 01H by the protocol; the others are tried when the battery refuses it

_BITS = const(10)  # of a character: start, 8 data, stop
_TURN_ROUND_MS = const(1000)  # the master asks its slave before it answers
_AFTER_DAMAGE_MS = const(200)  # a whole reply may still follow a damaged line
_POLL_MS = const(5)
_QUIET_MS = const(40)  # silence on the line before a request is repeated
_DRAIN_MS = const(500)  # at most, if the line never falls silent
_RATE_SETTLE_MS = const(50)
_ATTEMPTS = const(3)
_SWITCHES = const(3)  # that were not confirmed, then the battery is read at the rate it has


class NoReply(Exception):
    """No reply that answers the question, in any attempt; the text says what came instead."""


class ReturnCode(Exception):
    """The battery answered with an RTN other than normal, or normally and without the data asked for."""

    def __init__(self, code):
        self.code = code
        text = "%02XH unknown" % code
        for line in frame.RETURN_CODES.split("\n"):
            if line.startswith(text[:3]):
                text = line
        super().__init__("RTN " + text)


class Link:
    """The line to the master pack.

    `uart` is a machine.UART or the like, `clock` has ticks_ms, ticks_diff, ticks_add and sleep_ms, `baud` is the
    rate wanted. `failures` counts requests in a row that brought no reply; the others count since the start.
    """

    def __init__(self, uart, clock, baud, log):
        self._uart = uart
        self._clock = clock
        self._wanted = baud
        self._log = log
        self.baud = baud
        self.address = _ADDRESSES[0]
        self._other_addresses = list(_ADDRESSES[1:])
        self._step = self._unconfirmed = 0
        self.failures = self.polls = self.timeouts = self.frame_errors = self.return_codes = 0

    def request(self, cid2, parse=None, byte=None, attempts=_ATTEMPTS):
        """Asks until a reply comes that answers -> parse(INFO of the reply), or VER where none is expected.

        `byte` is the INFO of the question, if it has one; the parsed reply must begin with it. `parse` raises
        ValueError (DataError) for an INFO that is no answer. NoReply after `attempts`, ReturnCode when the battery
        declines.
        """
        for attempt in range(attempts):
            self._drain(_QUIET_MS if attempt else 0)
            try:
                value = self._ask(cid2, parse, byte)
                self.failures = 0
                return value
            except NoReply as error:
                last = error
            except ReturnCode as error:
                last = error
                self.failures = 0
                self.return_codes += 1
                if error.code == frame.ADR_ERROR and self._other_addresses:
                    return self._readdressed(cid2, parse, byte)
                if error.code not in (frame.CHKSUM_ERROR, frame.LCHKSUM_ERROR):
                    raise
        if isinstance(last, NoReply):
            self.failures += 1
        raise last

    def _readdressed(self, cid2, parse, byte):
        """The battery refused our ADR: each other one is tried once, the one that works is kept."""
        self.address = self._other_addresses.pop(0)
        self._log.info("battery refuses the address, trying ADR %02XH", self.address)
        try:
            return self.request(cid2, parse, byte)
        except (NoReply, ReturnCode):
            self.address = _ADDRESSES[0]
            raise

    def _ask(self, cid2, parse, byte):
        clock = self._clock
        question = frame.encode(cid2, b"" if byte is None else bytes((byte,)), self.address)
        wire_ms = (len(question) + frame.longest_reply(cid2)) * _BITS * 1000 // self.baud
        deadline = clock.ticks_add(clock.ticks_ms(), wire_ms + _TURN_ROUND_MS)
        reader = frame.Reader()
        why = None
        self.polls += 1
        self._uart.write(question)
        while True:
            line = reader.next()
            if line is not None:
                try:
                    return self._answer(frame.decode(line), cid2, parse, byte)
                except frame.FrameError as error:
                    soon = clock.ticks_add(clock.ticks_ms(), _AFTER_DAMAGE_MS)
                    if clock.ticks_diff(deadline, soon) > 0:
                        deadline = soon
                    why = error
                except ValueError as error:  # a whole frame, but of another question: ours may still come
                    why = error
                self.frame_errors += 1
                continue
            chunk = self._uart.read()
            if chunk:
                reader.feed(chunk)
            if clock.ticks_diff(deadline, clock.ticks_ms()) <= 0:
                if why is None:
                    self.timeouts += 1
                raise NoReply("%02XH at %d baud: %s" % (cid2, self.baud, why or "no reply"))
            if not chunk:
                clock.sleep_ms(_POLL_MS)

    def _answer(self, reply, cid2, parse, byte):
        """Holds a good frame against the question."""
        if reply.cid1 != frame.CID1:
            raise ValueError("CID1 is %02XH" % reply.cid1)
        if reply.address != self.address and reply.code != frame.ADR_ERROR:
            raise ValueError("reply of ADR %02XH" % reply.address)
        if reply.code != frame.NORMAL:
            raise ReturnCode(reply.code)
        if parse is None:
            if reply.info:
                raise ValueError("INFO where none belongs")
            return reply.version
        if not reply.info:
            raise ReturnCode(frame.INVALID_DATA)  # as batteries do for a pack that is absent
        value = parse(reply.info)
        if byte is not None and value[0] != byte:
            raise ValueError("reply of pack %d" % value[0])
        return value

    def _drain(self, quiet_ms):
        """Drops what has arrived, until nothing came for `quiet_ms`, within a bound."""
        clock = self._clock
        start = last = clock.ticks_ms()
        while True:
            now = clock.ticks_ms()
            if self._uart.read():
                last = now
            elif clock.ticks_diff(now, last) >= quiet_ms:
                return
            else:
                clock.sleep_ms(_POLL_MS)
            if clock.ticks_diff(now, start) >= _DRAIN_MS:
                return

    def set_rate(self, baud):
        """Changes our side of the line to `baud`; what has been received is lost."""
        self._uart.init(baudrate=baud)
        self.baud = baud

    def _answers(self, attempts):
        """True when a whole frame comes back, whatever it says."""
        try:
            self.request(frame.PROTOCOL_VERSION, attempts=attempts)
        except NoReply:
            return False
        except ReturnCode:
            pass
        return True

    def search(self):
        """Tries the next rate -> True: the battery answers, and at the wanted rate if it can;
        None: not yet, call again; False: not at any rate, a round is over.
        """
        others = [rate for rate in RATES if rate != self._wanted]
        rate = ([self._wanted] + others)[self._step]
        self._step = (self._step + 1) % len(RATES)
        self._other_addresses = [address for address in _ADDRESSES if address != self.address]
        self.set_rate(rate)
        if self._answers(1):
            self._step = 0
            return self._switched(rate)
        return None if self._step else False

    def _switched(self, rate):
        """True when the battery can be read now; None when it must be looked for again (§5)."""
        if rate == self._wanted or self._unconfirmed >= _SWITCHES:
            return True
        self._log.info("battery answers at %d baud, switching it to %d", rate, self._wanted)
        try:
            self.request(frame.SET_RATE, byte=_SETTABLE.index(self._wanted) + 1)
        except ReturnCode as error:
            self._log.warning("battery stays at %d baud: %s", rate, error)
            return True
        except NoReply:
            return None
        self.set_rate(self._wanted)
        self._clock.sleep_ms(_RATE_SETTLE_MS)
        if self._answers(_ATTEMPTS):
            self._unconfirmed = 0
            return True
        self._unconfirmed += 1
        return None
