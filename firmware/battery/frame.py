"""SOI … EOI: the frame of RS232 protocol V2.8 (§2.2 to §2.5), and what all layouts of INFO have in common. No I/O."""

from binascii import hexlify, unhexlify
from collections import namedtuple
from struct import calcsize, unpack_from

MAX_PACKS = 16  # of a group (§2.8)
CID1 = 0x46  # lithium battery data
# CID2 of a request (§2.9)
ANALOG_VALUES, ALARMS, SYSTEM_PARAMETERS, PROTOCOL_VERSION, MANUFACTURER = 0x42, 0x44, 0x47, 0x4F, 0x51
PACK_COUNT, SET_RATE, MANAGEMENT, SERIAL_NUMBER = 0x90, 0x91, 0x92, 0x93
# All that can be sent: an allow-list. Commands that change a battery are not in it. Each with the most bytes of INFO in
# its reply: one pack of 16 cells and 6 sensors, 3-byte capacities.
COMMANDS = {ANALOG_VALUES: 65, ALARMS: 34, SYSTEM_PARAMETERS: 25, PROTOCOL_VERSION: 0, MANUFACTURER: 32, PACK_COUNT: 1,
            SET_RATE: 0, MANAGEMENT: 10, SERIAL_NUMBER: 17}  # fmt: skip
# Return codes RTN of a reply (§2.9)
NORMAL, CHKSUM_ERROR, LCHKSUM_ERROR, CID2_INVALID, INVALID_DATA = 0x00, 0x02, 0x03, 0x04, 0x06
_RETURN_CODES = (
    b"01 VER error;02 CHKSUM error;03 LCHKSUM error;04 CID2 invalid;05 command format error"
    b";06 invalid data, or no such pack;90 ADR error;91 communication error: the master could not reach the pack"
)

OVERHEAD = 18  # characters of a frame without INFO, SOI and EOI included
LONGEST = OVERHEAD + 4095  # LENID has 12 bits
_MAX_INFO = 4095 // 2  # bytes
_BUFFER_BYTES = 256
_SOI, _EOI = b"~", b"\r"

Frame = namedtuple("Frame", ("version", "address", "cid1", "code", "info"))


class DataError(ValueError):
    """INFO that does not fit its layout to the last byte."""


class FrameError(ValueError):
    """A line that is not a frame, or a damaged one; the text says where it is wrong."""


def _lchksum(lenid):
    return -((lenid >> 8) + (lenid >> 4 & 15) + (lenid & 15)) & 15


def return_code(code):
    """An RTN in words: "RTN 04H CID2 invalid"."""
    for line in _RETURN_CODES.split(b";"):
        if line.startswith(b"%02X " % code):
            return "RTN %02XH %s" % (code, line[3:].decode())
    return "RTN %02XH" % code


def longest_reply(cid2, commands=COMMANDS):
    """Characters of the longest frame in reply to `cid2` about one pack. ValueError: it is not in the allow-list."""
    if cid2 not in commands:
        raise ValueError("CID2 %02XH is not a read command" % cid2)
    return OVERHEAD + 2 * commands[cid2]


def encode(cid2, info=b"", address=1, version=0x20, commands=COMMANDS):
    """A request -> bytes "~…\\r" (§2.3); `info`: raw bytes. ValueError: not in the allow-list, or a field too large."""
    longest_reply(cid2, commands)
    if not 0 <= address <= 255 or not 0 <= version <= 255 or len(info) > _MAX_INFO:
        raise ValueError("VER, ADR or INFO does not fit into a frame")
    lenid = 2 * len(info)
    head = version, address, CID1, cid2, _lchksum(lenid) << 12 | lenid
    body = b"%02X%02X%02X%02X%04X" % head + hexlify(info).upper()
    return b"~%s%04X\r" % (body, -sum(body) & 0xFFFF)


def decode(line):
    """A line "~…", with or without "\\r" -> Frame; `info` is raw bytes. FrameError: it is not as in §2.2 to §2.5."""
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
    found, needed = _unhex(body[-4:]), -sum(body[:-4]) & 0xFFFF
    if found[0] << 8 | found[1] != needed:
        raise FrameError("CHKSUM is not %04X" % needed)
    return Frame(head[0], head[1], head[2], head[3], _unhex(body[12:-4]))


def _unhex(characters):
    try:
        raw = unhexlify(characters)
    except ValueError:
        raw = b""
    if 2 * len(raw) != len(characters):  # MicroPython skips spaces
        raise FrameError("not hex")
    return raw


class Reader:
    """Cuts a stream of bytes into lines; holds one frame at most besides what was fed last."""

    def __init__(self):
        self._buffer = bytearray(_BUFFER_BYTES)  # kept, and made longer where a line needs it
        self._length = 0

    def clear(self):
        """Drops what was fed."""
        self._length = 0

    def feed(self, chunk, count=None):
        """Takes the next bytes of the wire, in any cuts: all of `chunk`, or the first `count`."""
        if self._length > LONGEST:  # nobody took the lines, or the line is longer than a frame can be
            self._drop(self._length - LONGEST)
        buffer, length = self._buffer, self._length
        self._length = end = length + (len(chunk) if count is None else count)
        if end > len(buffer):
            buffer.extend(bytes(end - len(buffer)))
        for index in range(end - length):  # no slices: each would take memory
            buffer[length + index] = chunk[index]

    def next(self):
        """The next line as bytes, from the last SOI to EOI, which decode() may refuse; None: more bytes are needed."""
        while True:
            length = self._length
            end = self._buffer.find(_EOI, 0, length)
            start = self._buffer.rfind(_SOI, 0, length if end < 0 else end)
            if end < 0:
                self._drop(start if start >= 0 and length - start <= LONGEST else length)
                return None
            line = bytes(memoryview(self._buffer)[start : end + 1]) if start >= 0 else b""
            self._drop(end + 1)
            if line and len(line) <= LONGEST:
                return line

    def _drop(self, count):
        rest = self._length - count
        if count and rest:
            self._buffer[:rest] = self._buffer[count : self._length]
        self._length = rest


def take(info, at, layout):
    """The values of struct `layout` at offset `at` of INFO -> (values, offset behind them). DataError."""
    end = at + calcsize(layout)
    if end > len(info):
        last = info[-1] if info else 0
        raise DataError("INFO of %d bytes ends too early, %d short, with %02XH" % (len(info), end - len(info), last))
    return unpack_from(layout, info, at), end


def take_counted(info, at, layout, least=0):
    """A count, `least` or more, then so many values of `layout`, such as b">%dH" -> as take(). DataError."""
    (count,), at = take(info, at, b">B")
    if count < least:
        raise DataError("a pack without cells")
    return take(info, at, layout % count)


def take_packs(info, parse, most=0):
    """Command or pack count, then a block of each pack, with 0 … `most` more bytes in all of them -> (command, [what
    `parse(info, at, more)` gives besides the offset behind the block, …]). DataError.
    """
    for more in range(most + 1):
        try:
            return _packs(info, parse, more)
        except DataError as error:
            last = error
    raise last


def _packs(info, parse, more):
    (_, command), at = take(info, 0, b">BB")
    packs = []
    while at < len(info) or not packs:
        pack, at = parse(info, at, more)
        packs.append(pack)
        if at < len(info) and len(packs) >= command and command <= MAX_PACKS:
            raise DataError("INFO of %d bytes: %02XH is left over behind its layout" % (len(info), info[at]))
    if len(packs) not in (1, command):
        raise DataError("INFO holds %d packs and says %d" % (len(packs), command))
    return command, packs
