"""The line to the RS485 port of newer packs: the framed dialect, but each pack is asked at its own address (V3.3)."""

from micropython import const

from . import NoReply, frame
from .link import Link

_FIRST = const(2)  # ADR of the first pack of group 0
_GROUP = const(16)  # from one group to the next
_LAST = const(254)  # FFH means all packs


class Rs485Link(Link):
    """A Link whose packs, numbered from 1, have ADR 2, 3, ... plus 10H times their `group`, and the same in INFO."""

    def __init__(self, uart, clock, baud, group):
        super().__init__(uart, clock, baud)
        self.address = _FIRST + _GROUP * group
        self.addresses = (self.address,)
        self.commands = frame.COMMANDS.copy()
        for unknown in (frame.PACK_COUNT, frame.SET_RATE):
            self.commands.pop(unknown)

    def request(self, cid2, parse=None, byte=None, attempts=3):
        """As Link.request(); `byte` is the number of a pack, None asks the first one for what names no pack."""
        self.address = self.addresses[0] + (byte or 1) - 1
        if self.address > _LAST:
            raise NoReply("no address for pack %d" % byte)
        return super().request(cid2, parse, byte and self.address, attempts)
