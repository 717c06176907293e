"""SOI … EOI: the frame of the RS232 protocol V2.8 (§2.2 to §2.5). Bytes in, values out, no I/O."""

from binascii import hexlify, unhexlify
from collections import namedtuple

CID1 = 0x46  # lithium battery data

# CID2 of a request (§2.9)
ANALOG_VALUES = 0x42
ALARMS = 0x44
SYSTEM_PARAMETERS = 0x47
PROTOCOL_VERSION = 0x4F
MANUFACTURER = 0x51
PACK_COUNT = 0x90
SET_RATE = 0x91
MANAGEMENT = 0x92
SERIAL_NUMBER = 0x93

# What can be encoded: an allow-list; the commands that write to a battery are not in it. And below each the longest
# INFO of its reply in bytes: one pack of 16 cells and 6 sensors, 3-byte capacities.
# fmt: off
COMMANDS = (
    ANALOG_VALUES, ALARMS, SYSTEM_PARAMETERS, PROTOCOL_VERSION, MANUFACTURER, PACK_COUNT, SET_RATE, MANAGEMENT,
    SERIAL_NUMBER,
)
_LONGEST_INFO = (65, 34, 25, 0, 32, 1, 0, 10, 17)
# fmt: on

# Return codes RTN of a reply (§2.9) that somebody acts on; in words they all stand in hunt.py
NORMAL = 0x00
CHKSUM_ERROR = 0x02
LCHKSUM_ERROR = 0x03
CID2_INVALID = 0x04
INVALID_DATA = 0x06
ADR_ERROR = 0x90

OVERHEAD = 18  # characters of a frame without INFO, SOI and EOI included
LONGEST = OVERHEAD + 4095  # LENID has 12 bits
_MAX_INFO = 4095 // 2  # bytes
_SOI = b"~"
_EOI = b"\r"

Frame = namedtuple("Frame", ("version", "address", "cid1", "code", "info"))


class FrameError(ValueError):
    """A line that is not a frame, or a damaged one; the text says where it is wrong."""


def _lchksum(lenid):
    return -((lenid >> 8) + (lenid >> 4 & 15) + (lenid & 15)) & 15


def _chksum(characters):
    return -sum(characters) & 0xFFFF


def longest_reply(cid2):
    """Characters of the longest reply to the command `cid2` for one pack, SOI and EOI included. ValueError: no read
    command.
    """
    if cid2 in COMMANDS:
        return OVERHEAD + 2 * _LONGEST_INFO[COMMANDS.index(cid2)]
    raise ValueError("CID2 %02XH is not a read command" % cid2)


def encode(cid2, info=b"", address=1, version=0x20):
    """A request as it goes over the wire -> bytes "~…\\r" (§2.3).

    `info` is raw bytes. ValueError when `cid2` is not on the allow-list or a field does not fit.
    """
    longest_reply(cid2)
    if not 0 <= address <= 255 or not 0 <= version <= 255 or len(info) > _MAX_INFO:
        raise ValueError("VER, ADR or INFO does not fit into a frame")
    lenid = 2 * len(info)
    body = b"%02X%02X%02X%02X%04X%s" % (
        version,
        address,
        CID1,
        cid2,
        _lchksum(lenid) << 12 | lenid,
        hexlify(info).upper(),
    )
    return b"~%s%04X\r" % (body, _chksum(body))


def decode(line):
    """One line "~…", with or without its "\\r" -> Frame(version, address, cid1, code, info); info is raw bytes.

    FrameError when anything in it is not as §2.2 to §2.5 say.
    """
    line = bytes(line)
    body = line[1:-1] if line[-1:] == _EOI else line[1:]
    if line[:1] != _SOI:
        raise FrameError("no SOI")
    if len(body) < OVERHEAD - 2:
        raise FrameError("%d characters are too few" % len(line))
    if body != body.upper():
        raise FrameError("lower-case hex")
    head = _unhex(body[:12])
    lenid = (head[4] & 15) << 8 | head[5]
    if _lchksum(lenid) != head[4] >> 4:
        raise FrameError("LCHKSUM is %X, LENID %03XH needs %X" % (head[4] >> 4, lenid, _lchksum(lenid)))
    if lenid & 1:
        raise FrameError("LENID %03XH is odd" % lenid)
    if len(body) != OVERHEAD - 2 + lenid:
        raise FrameError("LENID says %d characters of INFO, there are %d" % (lenid, len(body) - OVERHEAD + 2))
    chksum = _unhex(body[-4:])
    if chksum[0] << 8 | chksum[1] != _chksum(body[:-4]):
        raise FrameError("CHKSUM is not %04X" % _chksum(body[:-4]))
    return Frame(head[0], head[1], head[2], head[3], _unhex(body[12:-4]))


def _unhex(characters):
    try:
        raw = unhexlify(characters)
    except ValueError:
        raise FrameError("not hex") from None
    if 2 * len(raw) != len(characters):  # MicroPython skips spaces
        raise FrameError("not hex")
    return raw


class Reader:
    """Cuts a stream of bytes into lines; holds one frame at most besides what was fed last."""

    def __init__(self):
        self._buffer = bytearray()

    def feed(self, chunk):
        """Takes the next bytes of the wire, in any cuts."""
        if len(self._buffer) > LONGEST:  # nobody took the lines, or the line is longer than a frame can be
            self._buffer = self._buffer[-LONGEST:]
        self._buffer += chunk

    def next(self):
        """The next whole line as bytes, from SOI to EOI, or None: more bytes are needed.

        Noise before SOI is skipped, and a second SOI starts the line anew. Not every line is a frame: decode() tells.
        """
        while True:
            end = self._buffer.find(_EOI)
            start = self._buffer.rfind(_SOI) if end < 0 else self._buffer.rfind(_SOI, 0, end)
            if end < 0:
                if start < 0 or len(self._buffer) - start > LONGEST:
                    self._buffer = bytearray()
                elif start:
                    self._buffer = self._buffer[start:]
                return None
            line = bytes(self._buffer[start : end + 1])
            self._buffer = self._buffer[end + 1 :]
            if start >= 0 and len(line) <= LONGEST:
                return line
