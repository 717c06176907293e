"""The read commands of protocol.md §3 over a Group: a request in, RTN and INFO out, and the truth that went into it."""

from collections import namedtuple

from . import framed
from .framed import ADR_ERROR, ALL_PACKS, CID2_INVALID, COMMUNICATION_ERROR, FORMAT_ERROR, INVALID_DATA, OK
from .model import EMPTY, UNREACHABLE

# 91H; the codes behind 3 are not documented: most batteries refuse them
RATES = {1: 1200, 2: 2400, 3: 4800, 4: 9600, 5: 19200, 6: 38400, 7: 57600, 8: 115200}
DOCUMENTED_RATES = 3
FIRST_ADDRESS, GROUP_STEP = 2, 16  # of an RS485 port
DEAF = -1  # a rate at which nobody hears
# CID2 -> bytes of INFO in the request, method of Commands that answers
FRAMED = {
    0x42: (1, "analog"), 0x44: (1, "alarm"), 0x47: (0, "parameters"), 0x4F: (0, "protocol_version"),
    0x51: (0, "manufacturer"), 0x90: (0, "count"), 0x91: (1, "rate"), 0x92: (1, "management"), 0x93: (1, "serial"),
}  # fmt: skip
RS485 = {cid2: row for cid2, row in FRAMED.items() if cid2 not in (0x90, 0x91)}
SYSTEM_PARAMETERS = {
    "cell_high_voltage": 3650, "cell_low_voltage": 3050, "cell_under_voltage": 2800,
    "charge_high_temperature": 600, "charge_low_temperature": -50, "charge_current": 25000,
    "pack_high_voltage": 54000, "pack_low_voltage": 46000, "pack_under_voltage": 44500,
    "discharge_high_temperature": 600, "discharge_low_temperature": -200, "discharge_current": -25000,
}  # fmt: skip

# code RTN, info raw bytes; baud: what the line is set to after the reply, or None
Reply = namedtuple("Reply", "code info baud", defaults=(b"", None))


class Refused(Exception):
    """Ends a command with a return code, its argument."""


class Commands:
    """Answers requests for `group`; `note(kind, pack, values)` hears the plain values of what is in a reply.

    ADR and VER of the replies are `address` and `protocol`; `extra_alarm_byte` stands behind each pack's alarms;
    `device`, `version` and `maker` are what 51H gives. `fast` says what becomes of rates above 4800: None: refused,
    "accepts", or "deaf": accepted, and nothing is heard there.
    """

    first_baud = 1200  # after power on (§2.1)
    keeps_rate = False  # through a power cycle
    infoflag = 0x11  # before analog values, alarms and parameters
    analog_block = staticmethod(framed.analog_block)
    table = FRAMED

    def __init__(self, group, note, address=1, extra_alarm_byte=False, device="US2KBPL", version="2.3", maker="Pylon",
                 protocol=0x20, fast=None):  # fmt: skip
        self.group, self.note, self.address, self.fast = group, note, address, fast
        self.offset = 0  # of what INFO calls a pack, to its number in the group
        self.extra = b"\0" if extra_alarm_byte else b""
        self.device, self.version, self.maker, self.protocol = device, version, maker, protocol

    def encode(self, request, reply):
        """The frame of a Reply."""
        return framed.encode(reply.code, reply.info, self.address, self.protocol)

    def hears(self, request):
        """Is the request for anybody here? If not, there is no reply."""
        return True

    def refusal(self, request):
        """-> RTN, OK where nothing is wrong with what the request is addressed to."""
        return OK if request.address == self.address else ADR_ERROR

    def reply(self, request, code=OK):
        """-> Reply, or None: it keeps silent. `code` is what framed.parse made of the request."""
        if not self.hears(request):
            return None
        code = code or self.refusal(request)
        return Reply(code) if code else self.answer(request)

    def answer(self, request):
        """-> Reply to a request that is right, and for somebody here."""
        if request.cid2 not in self.table:
            return Reply(CID2_INVALID)
        count, name = self.table[request.cid2]
        if len(request.info) != count:
            return Reply(FORMAT_ERROR)
        try:
            return getattr(self, name)(*request.info)
        except Refused as refused:
            return Reply(*refused.args)

    def number(self, command):
        """The pack that a byte of INFO names, or Refused as §2.9 says."""
        number = command - self.offset
        if not 1 <= number <= len(self.group.packs):
            raise Refused(INVALID_DATA)
        how = self.group.pack(number).missing
        if how:
            raise Refused({EMPTY: OK, UNREACHABLE: COMMUNICATION_ERROR}.get(how, INVALID_DATA))
        return number

    def _blocks(self, command, kind, values, block):
        """INFOFLAG, Command or pack count, and `block` of the `values` of each pack (§4.1, §4.2)."""
        numbers = self.group.there() if command == ALL_PACKS else [self.number(command)]
        out = bytes([self.infoflag, len(numbers) if command == ALL_PACKS else command])
        for number in numbers:
            said = values(number)
            self.note(kind, number, said)
            out += block(said)
        return Reply(OK, out)

    def analog(self, command):
        """42H (§4.1) -> Reply. `command`: a pack number, or FFH."""
        return self._blocks(command, "analog", self.analog_values, self.analog_block)

    def analog_values(self, number):
        """What 42H says of pack `number`."""
        return self.group.pack(number).analog()

    def alarm(self, command):
        """44H (§4.2) -> Reply. `command`: a pack number, or FFH."""
        return self._blocks(command, "alarm", self.alarm_values, lambda said: framed.alarm_block(said, self.extra))

    def alarm_values(self, number):
        """What 44H says of pack `number`."""
        return self.group.pack(number).alarm()

    def parameters(self):
        """47H (§4.3) -> Reply."""
        self.note("parameters", None, SYSTEM_PARAMETERS)
        return Reply(OK, bytes([self.infoflag]) + framed.parameters(SYSTEM_PARAMETERS))

    def protocol_version(self):
        """4FH: the answer is VER, which every reply carries."""
        return Reply(OK)

    def manufacturer(self):
        """51H (§4.4) -> Reply."""
        said = {"device": self.device, "version": self.version, "maker": self.maker}
        self.note("manufacturer", None, said)
        return Reply(OK, framed.manufacturer(said))

    def count(self, command=ALL_PACKS):
        """90H (§3) -> Reply."""
        if command != ALL_PACKS:
            raise Refused(INVALID_DATA)
        return Reply(OK, bytes([len(self.group.packs)]))

    def rate(self, code):
        """91H (§5) -> Reply; `code`: 1, 2, 3 for 1200, 2400, 4800 baud."""
        if code not in RATES or (code > DOCUMENTED_RATES and not self.fast):
            raise Refused(INVALID_DATA)
        return Reply(OK, b"", DEAF if code > DOCUMENTED_RATES and self.fast == "deaf" else RATES[code])

    def management(self, command):
        """92H (§4.5) -> Reply. `command`: a pack number."""
        number = self.number(command)
        said = {"pack": number, **self.group.pack(number).management()}
        self.note("management", number, said)
        return Reply(OK, framed.management({**said, "pack": command}))

    def serial(self, command):
        """93H (§4.6) -> Reply. `command`: a pack number."""
        return Reply(OK, bytes([command]) + self.group.pack(self.number(command)).serial.encode())


class Addressed(Commands):
    """Batteries whose packs have an ADR each, which INFO repeats; of another ADR nothing is heard."""

    def hears(self, request):
        """Is there a pack with this ADR?"""
        number = request.address - self.offset
        return 1 <= number <= len(self.group.packs) and not self.group.pack(number).missing

    def refusal(self, request):
        """-> RTN, OK where INFO fits ADR."""
        if request.info in (b"", bytes([request.address]), bytes([ALL_PACKS])):
            return OK
        return INVALID_DATA if len(request.info) == 1 else FORMAT_ERROR


class Rs485Commands(Addressed):
    """The RS485 port of newer packs, which have ADR 2, 3, … plus 10H times the number of their group, `group_number`;
    other options as of Commands.
    """

    first_baud = 9600  # or 115200: a switch at the pack says
    keeps_rate = True
    table = RS485

    def __init__(self, group, note, group_number=0, device="US3000C", version="1.3", **options):
        super().__init__(group, note, device=device, version=version, **options)
        self.offset = FIRST_ADDRESS + GROUP_STEP * group_number - 1

    def encode(self, request, reply):
        """The pack that was asked answers."""
        return framed.encode(reply.code, reply.info, request.address, self.protocol)
