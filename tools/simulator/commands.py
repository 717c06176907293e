"""The read commands of protocol.md §3 over a Group: a request in, RTN and INFO out, and the truth that went into it."""

import struct
from collections import namedtuple

from . import framed
from .framed import ADR_ERROR, CID2_INVALID, COMMUNICATION_ERROR, FORMAT_ERROR, INVALID_DATA, OK

ALL_PACKS = 0xFF
# 91H; the codes behind 3 are not documented: most batteries refuse them
RATES = {1: 1200, 2: 2400, 3: 4800, 4: 9600, 5: 19200, 6: 38400, 7: 57600, 8: 115200}
DOCUMENTED_RATES = 3
FIRST_ADDRESS, GROUP_STEP = 2, 16  # of an RS485 port
DEAF = -1  # a rate at which nobody hears
SYSTEM_PARAMETERS = {
    "cell_high_voltage": 3650, "cell_low_voltage": 3050, "cell_under_voltage": 2800,
    "charge_high_temperature": 600, "charge_low_temperature": -50, "charge_current": 25000,
    "pack_high_voltage": 54000, "pack_low_voltage": 46000, "pack_under_voltage": 44500,
    "discharge_high_temperature": 600, "discharge_low_temperature": -200, "discharge_current": -25000,
}  # fmt: skip
# CID2 -> bytes of INFO in the request, method of Commands that makes the Reply of these bytes
FRAMED = {
    0x42: (1, "_analog"), 0x44: (1, "_alarm"), 0x47: (0, "_parameters"), 0x4F: (0, "_protocol_version"),
    0x51: (0, "_manufacturer"), 0x90: (0, "_count"), 0x91: (1, "_rate"), 0x92: (1, "_management"), 0x93: (1, "_serial"),
}  # fmt: skip
RS485 = {cid2: row for cid2, row in FRAMED.items() if cid2 not in (0x90, 0x91)}
ABSENT = {"empty": OK, "unreachable": COMMUNICATION_ERROR, "rtn": INVALID_DATA}  # Pack.missing -> RTN (§2.9)

# code RTN, info raw bytes; baud: what the line is set to after the reply, or None
Reply = namedtuple("Reply", "code info baud", defaults=(b"", None))


class Refused(Exception):
    """Ends a command with a return code."""


class Commands:
    """Answers requests for `group`; `note(kind, pack, values)` hears the plain values of what is in a reply. ADR and
    VER of replies are `address` (None: the request's) and `protocol`; `extra_alarm_byte` stands behind a pack's alarms.
    `fast`: rates above 4800 are refused (None), taken ("accepts"), or taken, and nothing is heard there ("deaf").
    """

    first_baud = 1200  # after power on (§2.1)
    keeps_rate = False  # through a power cycle
    infoflag = 0x11  # before analog values, alarms and parameters
    analog_block = staticmethod(framed.analog_block)
    device, version, maker = "US2KBPL", "2.3", "Pylon"  # what 51H gives
    table = FRAMED

    def __init__(self, group, note, address=1, extra_alarm_byte=False, protocol=0x20, fast=None):
        self.group, self.note, self.address, self.fast, self.protocol = group, note, address, fast, protocol
        self.offset = 0  # of what INFO calls a pack, to its number in the group
        self.extra = b"\0" if extra_alarm_byte else b""

    def encode(self, request, reply):
        """The frame of a Reply."""
        address = request.address if self.address is None else self.address
        return framed.encode(reply.code, reply.info, address, self.protocol)

    def _hears(self, request):
        """Is the request for anybody here? If not, there is no reply."""
        return True

    def _refusal(self, request):
        """-> RTN, OK where nothing is wrong with what the request is addressed to."""
        return OK if request.address == self.address else ADR_ERROR

    def reply(self, request, code=OK):
        """-> Reply, or None: it keeps silent. `code` is what framed.parse made of the request."""
        if not self._hears(request):
            return None
        count, name = self.table.get(request.cid2, (0, None))
        code = code or self._refusal(request) or (OK if name else CID2_INVALID)
        if code or len(request.info) != count:
            return Reply(code or FORMAT_ERROR)
        try:
            return getattr(self, name)(*request.info)
        except Refused as refused:
            return Reply(*refused.args)

    def _pack(self, command):
        """-> number of the pack that a byte of INFO names, and the Pack; or Refused as §2.9 says."""
        number = command - self.offset
        if not 1 <= number <= len(self.group.packs):
            raise Refused(INVALID_DATA)
        pack = self.group.pack(number)
        if pack.missing:
            raise Refused(ABSENT[pack.missing])
        return number, pack

    def _noted(self, kind, command):
        number, pack = self._pack(command)
        said = self._said(kind, number, pack)
        self.note(kind, number, said)
        return said

    def _said(self, kind, number, pack):
        return getattr(pack, kind)()

    def _analog(self, command):
        return Reply(OK, bytes([self.infoflag, command]) + self.analog_block(self._noted("analog", command)))

    def _alarm(self, command):
        block = framed.alarm_block(self._noted("alarm", command)) + self.extra
        return Reply(OK, bytes([self.infoflag, command]) + block)

    def _parameters(self):
        self.note("parameters", None, SYSTEM_PARAMETERS)
        return Reply(OK, struct.pack(">B5Hh5Hh", self.infoflag, *(
            value // 100 if name.endswith("current") else value + framed.KELVIN * name.endswith("temperature")
            for name, value in SYSTEM_PARAMETERS.items())))  # fmt: skip

    def _protocol_version(self):
        return Reply(OK)  # the answer is VER, which every reply carries

    def _manufacturer(self):
        version = map(int, self.version.split("."))
        return Reply(OK, struct.pack("10sBB20s", self.device.encode(), *version, self.maker.encode()))

    def _count(self, command=ALL_PACKS):
        return Reply(OK, bytes([len(self.group.packs)]))

    def _rate(self, code):
        if code not in RATES or (code > DOCUMENTED_RATES and not self.fast):
            return Reply(INVALID_DATA)
        return Reply(OK, b"", DEAF if code > DOCUMENTED_RATES and self.fast == "deaf" else RATES[code])

    def _management(self, command):
        said = self._noted("management", command)
        currents = said["charge_current"] // 100, said["discharge_current"] // 100
        return Reply(OK, struct.pack(
            ">BHHhhB", command, said["charge_voltage"], said["discharge_voltage"], *currents, said["status"]))

    def _serial(self, command):
        return Reply(OK, bytes([command]) + self._pack(command)[1].serial.encode())


class Addressed(Commands):
    """Batteries whose packs have an ADR each, which INFO repeats; of another ADR nothing is heard."""

    def _hears(self, request):
        return request.address - self.offset in self.group.there()

    def _refusal(self, request):
        return OK if request.info in (b"", bytes([request.address]), bytes([ALL_PACKS])) else INVALID_DATA


class Rs485Commands(Addressed):
    """The RS485 port of newer packs, which have ADR 2, 3, … plus 10H times the number of their group."""

    first_baud = 9600  # or 115200: a switch at the pack says
    keeps_rate = True
    table = RS485
    device, version = "US3000C", "1.3"

    def __init__(self, group, note, group_number=0, **options):
        super().__init__(group, note, address=None, **options)
        self.offset = FIRST_ADDRESS + GROUP_STEP * group_number - 1
