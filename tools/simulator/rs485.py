"""The RS485 port of newer packs: frames as at the console port, but each pack has an address of its own."""

from . import framed
from .commands import COMMANDS, Commands, Reply
from .framed import FORMAT_ERROR, INVALID_DATA

FIRST_ADDRESS, GROUP_STEP = 2, 16
TABLE = {cid2: row for cid2, row in COMMANDS.items() if cid2 not in (0x90, 0x91)}


class Rs485Commands(Commands):
    """Commands for a group whose packs have ADR 2, 3, ... plus 10H times its number `group_number`; other options as
    of Commands. What is asked of another ADR gets no reply.
    """

    first_baud = 9600  # or 115200: a switch at the pack says

    def __init__(self, group, note, group_number=0, device="US3000C", version="1.3", **options):
        super().__init__(group, note, device=device, version=version, **options)
        self.offset = FIRST_ADDRESS + GROUP_STEP * group_number - 1

    @property
    def table(self):
        """As that of Commands, without pack count and rate."""
        return TABLE

    def encode(self, request, reply):
        """The pack that was asked answers."""
        return framed.encode(reply.code, reply.info, request.address, self.protocol)

    def powered_baud(self, baud):
        """The switch stays as it is."""
        return baud

    def reply(self, request, code=framed.OK):
        """-> Reply, or None: no pack has this address."""
        number = request.address - self.offset
        if not 1 <= number <= len(self.group.packs) or self.group.pack(number).missing:
            return None
        if code:
            return Reply(code)
        if request.info not in (b"", bytes([request.address]), bytes([framed.ALL_PACKS])):
            return Reply(INVALID_DATA if len(request.info) == 1 else FORMAT_ERROR)
        return self._answer(request)

