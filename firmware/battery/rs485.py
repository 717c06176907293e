"""The framed dialect at the RS485 port of newer packs: each pack is asked at its own address (V3.3) -> Reading."""

from micropython import const

from . import NoReply
from .link import Link
from .pylontech import Pylontech

_FIRST = const(2)  # ADR of the first pack of group 0
_GROUP = const(16)  # from one group to the next
_LAST = const(254)  # FFH means all packs


class Rs485Link(Link):
    """A Link whose packs, numbered from 1, have ADR 2, 3, ... plus 10H times their `group`, and the same in INFO."""

    def __init__(self, uart, clock, baud, group):
        super().__init__(uart, clock, baud)
        self.address = _FIRST + _GROUP * group
        self.addresses = (self.address,)

    def request(self, cid2, parse=None, byte=None, attempts=3):
        """As Link.request(); `byte` is the number of a pack, None asks the first one for what names no pack."""
        self.address = self.addresses[0] + (byte or 1) - 1
        if self.address > _LAST:
            raise NoReply("no address for pack %d" % byte)
        return super().request(cid2, parse, byte and self.address, attempts)


class Rs485(Pylontech):
    """The packs of a group, over an Rs485Link. NoReply or Refusal from every method."""

    name = "rs485"

    def packs(self, _=0):
        """Numbers of the packs that answer, up to the first that does not: 90H is not known here."""
        found = self.answering_packs()
        self.link.failures = 0  # the last one that was asked is not there
        return found
