"""Where the battery listens, and bringing it to the wanted rate (§5). Loaded for the moment, rate by rate."""

from micropython import const

from . import NoReply, ReturnCode, frame

_RATES = (1200, 2400, 4800, 9600, 19200)
_SETTABLE = (1200, 2400, 4800)  # by INFO 01H, 02H, 03H of 91H
_ADDRESSES = (1, 2, 0)  # 01H by the protocol; the others for a battery that refuses it
_SETTLE_MS = const(50)
_SWITCHES = const(3)  # that were refused or not confirmed, then the battery is read at the rate it has


class Search:
    """Goes through the rates, over a link.Link; `wanted` is the rate in baud to end at. `state` is all that it has to
    remember: a list, at first empty.
    """

    def __init__(self, link, log, wanted, state):
        self._link = link
        self._log = log
        self._wanted = wanted
        self._rates = [wanted] + [rate for rate in _RATES if rate != wanted]
        self._state = state  # number of the next rate; switches that did not work, and why the last one did not
        if not state:
            state += [0, 0, ""]

    def step(self):
        """Tries the next rate -> True: the battery answers, and at the wanted rate if it can;
        None: not yet, call again; False: not at any rate, a round is over.
        """
        state = self._state
        rate = self._rates[state[0]]
        state[0] = (state[0] + 1) % len(self._rates)
        self._link.set_rate(rate)
        if self._answers(1):
            state[0] = 0
            return self._switched(rate)
        return None if state[0] else False

    def _answers(self, attempts=3):
        """True when a whole frame comes back, whatever it says, unless that our address is refused: then each other
        one is tried once, and the one that works is kept.
        """
        link = self._link
        first = link.address
        for address in [first] + [other for other in _ADDRESSES if other != first]:
            link.address = address
            try:
                link.request(frame.PROTOCOL_VERSION, attempts=attempts)
                return True
            except NoReply:
                break
            except ReturnCode as error:
                if error.code != frame.ADR_ERROR:
                    return True
                self._log.info("battery refuses ADR %02XH", address)
        link.address = first
        return False

    def _switched(self, rate):
        """True when the battery can be read now; None when it must be looked for again."""
        link, wanted, state = self._link, self._wanted, self._state
        if rate == wanted:
            return True
        if state[1] == _SWITCHES:
            self._log.warning("battery stays at %d baud: %s", rate, state[2])
            return True
        state[1] += 1
        self._log.info("battery answers at %d baud, switching it to %d", rate, wanted)
        try:
            link.request(frame.SET_RATE, byte=_SETTABLE.index(wanted) + 1)
            link.set_rate(wanted)
            link.clock.sleep_ms(_SETTLE_MS)
            if self._answers():
                return True
            state[2] = "silent at the new rate"
        except (NoReply, ReturnCode) as error:
            state[2] = str(error)
        return None
