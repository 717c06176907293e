"""The framed protocol from the battery's side: what a request says, how a reply looks (protocol.md §2 to §4)."""

import struct
from collections import namedtuple

SOI, EOI = b"~", b"\r"
LITHIUM = 0x46  # CID1
KELVIN = 2731  # 0 °C in 0.1 K

OK, VER_ERROR, CHKSUM_ERROR, LCHKSUM_ERROR, CID2_INVALID, FORMAT_ERROR, INVALID_DATA = range(7)
ADR_ERROR, COMMUNICATION_ERROR = 0x90, 0x91

SHORTEST = 1 + 12 + 4  # SOI, VER … LENGTH, CHKSUM; without EOI
LONGEST = SHORTEST + 4095

Request = namedtuple("Request", "version address cid2 info")


def checksum(body):
    """CHKSUM of `body`, the characters between SOI and CHKSUM (§2.5)."""
    return -sum(body) & 0xFFFF


def encode(code, info=b"", address=1, version=0x20):
    """A whole frame; `code` is RTN in a reply, CID2 in a request; `info` are raw bytes."""
    body = b"%02X%02X%02X%02X%04X" % (version, address, LITHIUM, code, _length(2 * len(info)))
    body += info.hex().upper().encode()
    return SOI + body + b"%04X" % checksum(body) + EOI


def _length(lenid):
    """LCHKSUM above LENID (§2.4)."""
    return (-sum(lenid >> shift & 0xF for shift in (0, 4, 8)) & 0xF) << 12 | lenid


def parse(line):
    """One line from SOI up to, without, EOI -> (Request, RTN); (None, None) for what no battery would answer."""
    if len(line) < SHORTEST or not line.startswith(SOI):
        return None, None
    try:
        raw = bytes.fromhex(line[1:].decode("ascii"))
    except ValueError:  # not hex, an odd count or not even ASCII
        return Request(0x20, 1, 0, b""), FORMAT_ERROR
    version, address, cid1, cid2, said = struct.unpack(">4BH", raw[:6])
    request = Request(version, address, cid2, raw[6:-2])
    if _length(said & 0xFFF) != said:
        return request, LCHKSUM_ERROR
    if checksum(line[1:-4]) != int.from_bytes(raw[-2:], "big"):
        return request, CHKSUM_ERROR
    return request, OK if cid1 == LITHIUM and said & 0xFFF == len(line) - SHORTEST else FORMAT_ERROR


def measured(values):
    """What begins one pack's block of a 42H reply (§4.1): its cells and temperatures, counted."""
    cells, temperatures = values["cells"], [tenths + KELVIN for tenths in values["temperatures"]]
    return struct.pack(f">B{len(cells)}hB{len(temperatures)}H", len(cells), *cells, len(temperatures), *temperatures)


def analog_block(values):
    """One pack's block of a 42H reply (§4.1); U = 4 with the 3-byte capacities when `values["wide"]`."""
    capacities, wide = (values["remaining"], values["capacity"]), values["wide"]
    remaining, capacity = (0xFFFF, 0xFFFF) if wide else capacities
    out = measured(values) + struct.pack(">hHHBHH", values["current"] // 100, values["voltage"], remaining,
                                         4 if wide else 2, capacity, values["cycles"])  # fmt: skip
    return out + b"".join(mah.to_bytes(3, "big") for mah in capacities if wide)


def alarm_block(values):
    """One pack's block of a 44H reply (§4.2)."""
    cells, temperatures = values["cells"], values["temperatures"]
    return bytes([len(cells), *cells, len(temperatures), *temperatures, values["charge_current"], values["voltage"],
                  values["discharge_current"], *values["status"]])  # fmt: skip


class Receiver:
    """Cuts what arrives into lines at EOI; a SOI begins anew; bounded."""

    def __init__(self):
        self.clear()

    def clear(self):
        """Forgets half a line."""
        self._rest = b""

    def feed(self, data):
        """-> the lines that this chunk completes, each from SOI up to, without, EOI."""
        *lines, rest = (self._rest + data).split(EOI)
        self._rest = rest[-LONGEST:]
        return [line[line.rindex(SOI) :] for line in lines if SOI in line]
