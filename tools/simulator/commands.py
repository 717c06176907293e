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
MANUFACTURER_BYTES = 32  # §4.4
SYSTEM_PARAMETERS = {
    "cell_high_voltage": 3650, "cell_low_voltage": 3050, "cell_under_voltage": 2800,
    "charge_high_temperature": 600, "charge_low_temperature": -50, "charge_current": 25000,
    "pack_high_voltage": 54000, "pack_low_voltage": 46000, "pack_under_voltage": 44500,
    "discharge_high_temperature": 600, "discharge_low_temperature": -200, "discharge_current": -25000,
}

# code RTN, info raw bytes; baud: what the line is set to after the reply, or None
Reply = namedtuple("Reply", "code info baud", defaults=(b"", None))


class Refused(Exception):
    """Ends a command with a return code."""

    def __init__(self, code):
        super().__init__(f"RTN {code:02X}H")
        self.code = code


class Commands:
    """Answers requests for `group`; `note(kind, pack, values)` hears the plain values of each reply.

    ADR and VER of the replies are `address` and `protocol`; `infoflag` stands before analog values, alarms and
    parameters, `extra_alarm_byte` behind each pack's alarms; `device`, `version` and `maker` are what 51H gives. `fast`
    says what becomes of rates above 4800: None: refused, "accepts", or "deaf": accepted, and nothing is heard there.
    """

    first_baud = 1200  # after power on (§2.1)

    def __init__(self, group, note, address=1, infoflag=0x11, extra_alarm_byte=False,
                 device="US2KBPL", version="2.3", maker="Pylon", protocol=0x20, fast=None):
        self.group, self.note, self.address, self.infoflag = group, note, address, infoflag
        self.offset = 0  # of what INFO calls a pack, to its number in the group
        self.extra = b"\0" if extra_alarm_byte else b""
        self.device, self.version, self.maker, self.protocol = device, version, maker, protocol
        self.fast = fast
        if len(framed.manufacturer(device, version, maker)) != MANUFACTURER_BYTES:
            raise ValueError(f"too long for a battery: device {device!r} (10 characters) or maker {maker!r} (20)")

    @property
    def table(self):
        """CID2 -> name, bytes of INFO in the request, answer."""
        return COMMANDS

    def encode(self, request, reply):
        """The frame of a Reply."""
        return framed.encode(reply.code, reply.info, self.address, self.protocol)

    def powered_baud(self, baud):
        """The rate after power on, when it was `baud` before."""
        return self.first_baud

    def reply(self, request, code=OK):
        """-> Reply, or None: it keeps silent. `code` is what framed.parse made of the request."""
        if code:
            return Reply(code)
        if request.address != self.address:
            return Reply(ADR_ERROR)
        return self._answer(request)

    def of_pack(self, request, number):
        """What pack `number` would have said to the request of another one -> Reply."""
        return self._answer(request._replace(info=bytes([number + self.offset])))

    def _answer(self, request):
        row = self.table.get(request.cid2)
        if row is None:
            return Reply(CID2_INVALID)
        _, count, answer = row
        if len(request.info) != count:
            return Reply(FORMAT_ERROR)
        try:
            return answer(self, *request.info)
        except Refused as refused:
            return Reply(refused.code)

    def _numbers(self, command, all_packs):
        """The packs that a Command byte names, or Refused as §2.9 says."""
        if command == ALL_PACKS and all_packs:
            return self.group.there()
        number = command - self.offset
        if not 1 <= number <= len(self.group.packs):
            raise Refused(INVALID_DATA)
        how = self.group.pack(number).missing
        if how == UNREACHABLE:
            raise Refused(COMMUNICATION_ERROR)
        if how:
            raise Refused(OK if how == EMPTY else INVALID_DATA)
        return [number]

    def _blocks(self, command, kind, values, block):
        """INFOFLAG, Command or pack count, and `block` of what `values` finds, pack by pack (§4.1, §4.2)."""
        numbers = self._numbers(command, all_packs=True)
        out = bytes([self.infoflag, len(numbers) if command == ALL_PACKS else command])
        for number in numbers:
            said = values(self.group.pack(number))
            self.note(kind, number, said)
            out += block(said)
        return Reply(OK, out)

    def analog(self, command):
        """42H (§4.1) -> Reply. `command`: a pack number, or FFH."""
        return self._blocks(command, "analog", lambda pack: pack.analog(), framed.analog_block)

    def alarm(self, command):
        """44H (§4.2) -> Reply. `command`: a pack number, or FFH."""

        def block(said):
            return framed.alarm_block(said, self.extra)

        return self._blocks(command, "alarm", lambda pack: pack.alarm(), block)

    def parameters(self):
        """47H (§4.3) -> Reply."""
        self.note("parameters", None, dict(SYSTEM_PARAMETERS))
        return Reply(OK, bytes([self.infoflag]) + framed.parameters(SYSTEM_PARAMETERS))

    def protocol_version(self):
        """4FH: the answer is VER, which every reply carries."""
        self.note("protocol", None, {"version": self.protocol})
        return Reply(OK)

    def manufacturer(self):
        """51H (§4.4) -> Reply."""
        said = {"device": self.device, "version": self.version, "maker": self.maker}
        self.note("manufacturer", None, said)
        return Reply(OK, framed.manufacturer(**said))

    def count(self):
        """90H (§3) -> Reply."""
        self.note("count", None, {"count": len(self.group.packs)})
        return Reply(OK, bytes([len(self.group.packs)]))

    def rate(self, code):
        """91H (§5) -> Reply; `code`: 1, 2, 3 for 1200, 2400, 4800 baud. Refused."""
        if code not in RATES or (code > DOCUMENTED_RATES and not self.fast):
            raise Refused(INVALID_DATA)
        self.note("rate", None, {"baud": RATES[code]})
        return Reply(OK, b"", DEAF if code > DOCUMENTED_RATES and self.fast == "deaf" else RATES[code])

    def management(self, command):
        """92H (§4.5) -> Reply. `command`: a pack number. Refused."""
        (number,) = self._numbers(command, all_packs=False)
        said = {"pack": number, **self.group.pack(number).management()}
        self.note("management", number, said)
        return Reply(OK, framed.management({**said, "pack": command}))

    def serial(self, command):
        """93H (§4.6) -> Reply. `command`: a pack number. Refused."""
        (number,) = self._numbers(command, all_packs=False)
        said = {"pack": number, "serial": self.group.pack(number).serial}
        self.note("serial", number, said)
        return Reply(OK, bytes([command]) + said["serial"].encode())


# CID2 -> name, bytes of INFO in the request, answer
COMMANDS = {
    0x42: ("analog values", 1, Commands.analog),
    0x44: ("alarm data", 1, Commands.alarm),
    0x47: ("system parameters", 0, Commands.parameters),
    0x4F: ("protocol version", 0, Commands.protocol_version),
    0x51: ("manufacturer", 0, Commands.manufacturer),
    0x90: ("pack count", 0, Commands.count),
    0x91: ("set communication rate", 1, Commands.rate),
    0x92: ("charge/discharge management", 1, Commands.management),
    0x93: ("serial number", 1, Commands.serial),
}
RS485_COMMANDS = {cid2: row for cid2, row in COMMANDS.items() if cid2 not in (0x90, 0x91)}


class Rs485Commands(Commands):
    """The RS485 port of newer packs, which have ADR 2, 3, … plus 10H times the number of their group, `group_number`;
    other options as of Commands. What is asked of another ADR gets no reply.
    """

    first_baud = 9600  # or 115200: a switch at the pack says

    def __init__(self, group, note, group_number=0, device="US3000C", version="1.3", **options):
        super().__init__(group, note, device=device, version=version, **options)
        self.offset = FIRST_ADDRESS + GROUP_STEP * group_number - 1

    @property
    def table(self):
        """As that of Commands, without pack count and rate."""
        return RS485_COMMANDS

    def encode(self, request, reply):
        """The pack that was asked answers."""
        return framed.encode(reply.code, reply.info, request.address, self.protocol)

    def powered_baud(self, baud):
        """The switch stays as it is."""
        return baud

    def reply(self, request, code=OK):
        """-> Reply, or None: no pack has this address."""
        number = request.address - self.offset
        if not 1 <= number <= len(self.group.packs) or self.group.pack(number).missing:
            return None
        if code:
            return Reply(code)
        if request.info not in (b"", bytes([request.address]), bytes([ALL_PACKS])):
            return Reply(INVALID_DATA if len(request.info) == 1 else FORMAT_ERROR)
        return self._answer(request)


def in_words(table, request, code):
    """A request for a person to read; `table` as Commands.table."""
    if code:
        return "a request that is not right"
    name = table.get(request.cid2, (f"unknown command {request.cid2:02X}H",))[0]
    return name + (" " + request.info.hex().upper() + "H" if request.info else "")
