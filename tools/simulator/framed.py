"""The framed protocol from the battery's side: what a request says, how a reply looks (protocol.md §2 to §4)."""

from collections import namedtuple

SOI, EOI = b"~", b"\r"
LITHIUM = 0x46  # CID1
KELVIN = 2731  # 0 °C in 0.1 K
ALL_PACKS = 0xFF
NOT_IN_TWO_BYTES = 0xFFFF  # what a wide pack puts into the 2-byte capacities

OK, VER_ERROR, CHKSUM_ERROR, LCHKSUM_ERROR, CID2_INVALID, FORMAT_ERROR, INVALID_DATA = range(7)
ADR_ERROR, COMMUNICATION_ERROR = 0x90, 0x91

SHORTEST = 1 + 12 + 4  # SOI, VER … LENGTH, CHKSUM; without EOI
LONGEST = SHORTEST + 4095

# Layouts, two bytes a field: name, unit (1: mV; 100: 100 mA, signed; "K": 0.1 K)
PARAMETERS = (
    ("cell_high_voltage", 1), ("cell_low_voltage", 1), ("cell_under_voltage", 1),
    ("charge_high_temperature", "K"), ("charge_low_temperature", "K"), ("charge_current", 100),
    ("pack_high_voltage", 1), ("pack_low_voltage", 1), ("pack_under_voltage", 1),
    ("discharge_high_temperature", "K"), ("discharge_low_temperature", "K"), ("discharge_current", 100),
)
MANAGEMENT = (("charge_voltage", 1), ("discharge_voltage", 1), ("charge_current", 100), ("discharge_current", 100))

Request = namedtuple("Request", "version address cid2 info")


def checksum(body):
    """CHKSUM of `body`, the characters between SOI and CHKSUM (§2.5)."""
    return -sum(body) & 0xFFFF


def length(characters):
    """LENGTH for INFO of so many characters: LCHKSUM above LENID (§2.4)."""
    nibbles = (characters >> 8) + (characters >> 4 & 0xF) + (characters & 0xF)
    return (-nibbles & 0xF) << 12 | characters


def encode(code, info=b"", address=1, version=0x20):
    """A whole frame; `code` is RTN in a reply, CID2 in a request; `info` are raw bytes."""
    body = b"%02X%02X%02X%02X%04X" % (version, address, LITHIUM, code, length(2 * len(info)))
    body += info.hex().upper().encode()
    return SOI + body + b"%04X" % checksum(body) + EOI


def parse(line):
    """One line from SOI up to, without, EOI -> (Request, RTN); (None, None) for what no battery would answer."""
    if len(line) < SHORTEST or not line.startswith(SOI):
        return None, None
    try:
        head = bytes.fromhex(line[1:13].decode("ascii"))
        info = bytes.fromhex(line[13:-4].decode("ascii"))
        chksum = int.from_bytes(bytes.fromhex(line[-4:].decode("ascii")), "big")
    except ValueError:  # not hex, an odd count or not even ASCII
        return Request(0x20, 1, 0, b""), FORMAT_ERROR
    version, address, cid1, cid2 = head[:4]
    request = Request(version, address, cid2, info)
    said = int.from_bytes(head[4:], "big")
    if length(said & 0xFFF) != said:
        return request, LCHKSUM_ERROR
    if said & 0xFFF != len(line) - SHORTEST:
        return request, FORMAT_ERROR
    if checksum(line[1:-4]) != chksum:
        return request, CHKSUM_ERROR
    return request, OK if cid1 == LITHIUM else FORMAT_ERROR


def _word(value, signed=False):
    return value.to_bytes(2, "big", signed=signed)


def _fields(layout, values):
    out = b""
    for name, unit in layout:
        raw = values[name] + KELVIN if unit == "K" else values[name] // unit
        out += _word(raw, signed=unit == 100)
    return out


def analog_block(values):
    """One pack's block of a 42H reply (§4.1); U = 4 with the 3-byte capacities when `values["wide"]`."""
    wide, remaining, capacity = values["wide"], values["remaining"], values["capacity"]
    out = bytes([len(values["cells"])]) + b"".join(_word(mv, signed=True) for mv in values["cells"])
    out += bytes([len(values["temperatures"])]) + b"".join(_word(t + KELVIN) for t in values["temperatures"])
    out += _word(values["current"] // 100, signed=True) + _word(values["voltage"])
    out += _word(NOT_IN_TWO_BYTES if wide else remaining) + bytes([4 if wide else 2])
    out += _word(NOT_IN_TWO_BYTES if wide else capacity) + _word(values["cycles"])
    return out + (remaining.to_bytes(3, "big") + capacity.to_bytes(3, "big") if wide else b"")


def alarm_block(values, extra=b""):
    """One pack's block of a 44H reply (§4.2); `extra` is the byte that some newer packs append."""
    out = bytes([len(values["cells"]), *values["cells"], len(values["temperatures"]), *values["temperatures"]])
    out += bytes([values["charge_current"], values["voltage"], values["discharge_current"], *values["status"]])
    return out + extra


def parameters(values):
    """The 12 values of a 47H reply (§4.3), without INFOFLAG."""
    return _fields(PARAMETERS, values)


def management(values):
    """A 92H reply (§4.5), pack number included."""
    return bytes([values["pack"]]) + _fields(MANAGEMENT, values) + bytes([values["status"]])


def manufacturer(values):
    """A 51H reply (§4.4) of texts: the device (10 characters), its version as "2.3", the maker (20)."""
    version = bytes(map(int, values["version"].split(".")))
    return values["device"].encode().ljust(10, b"\0") + version + values["maker"].encode().ljust(20, b"\0")


class Receiver:
    """Cuts what arrives into lines at EOI; a SOI begins anew; bounded."""

    def __init__(self):
        self._line = bytearray()

    def clear(self):
        """Forgets half a line."""
        self._line.clear()

    def feed(self, data):
        """-> the lines that this chunk completes, each from SOI up to, without, EOI."""
        lines = []
        for byte in data:
            if byte == SOI[0]:
                self._line[:] = SOI
            elif byte == EOI[0]:
                if self._line:
                    lines.append(bytes(self._line))
                self._line.clear()
            elif self._line and len(self._line) < LONGEST:
                self._line.append(byte)
        return lines
