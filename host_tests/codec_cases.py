"""The frame: cases as data, and checks that need no pytest. Runs on CPython and on MicroPython."""

from firmware.battery import frame

# protocol.md §3: the known good requests. CID2, INFO, and the line on the wire
REQUESTS = (
    (0x42, b"\x01", b"~20014642E00201FD35\r"), (0x44, b"\x01", b"~20014644E00201FD33\r"),
    (0x90, b"", b"~200146900000FDAA\r"), (0x51, b"", b"~200146510000FDAD\r"), (0x47, b"", b"~200146470000FDA8\r"),
    (0x92, b"\x01", b"~20014692E00201FD30\r"), (0x91, b"\x03", b"~20014691E00203FD2F\r"),
)  # fmt: skip
# §4.1: pack 1 of 15 cells
ANALOG = (
    b"~20014600C06E11010F0D450D440D450D440D450D440D3E0D450D4A0D4A0D4B0D4A0D4A0D4A0D4A"
    b"050BC30BC30BC30BCD0BCD0000C725BF6802C3500002E553\r"
)
READ_COMMANDS = (0x42, 0x44, 0x47, 0x4F, 0x51, 0x90, 0x91, 0x92, 0x93)
LONGEST_INFO = bytes([n % 251 for n in range(2047)])


def line_of(body):
    """A line with the right CHKSUM around the characters `body`, by an arithmetic of its own."""
    return b"~" + body + (b"%04X" % ((65536 - sum(body) % 65536) % 65536)) + b"\r"


def made(info, lenid=None, head=b"20014600"):
    """A line with any INFO (characters), its LENGTH and CHKSUM right; `lenid` when it shall say something else."""
    lenid = len(info) if lenid is None else lenid
    nibbles = lenid // 256 + lenid // 16 % 16 + lenid % 16
    return line_of(head + b"%X%03X" % ((16 - nibbles % 16) % 16, lenid) + info)


def characters(raw):
    return b"".join([b"%02X" % byte for byte in raw])


# the line, and VER, ADR, CID1, CID2 or RTN, INFO. 46 characters of INFO: LENID 02EH has LCHKSUM 0
FRAMES = [(line, (0x20, 1, 0x46, cid2, info)) for cid2, info, line in REQUESTS] + [
    (ANALOG, (0x20, 1, 0x46, 0, bytes([int(ANALOG[at : at + 2], 16) for at in range(13, 123, 2)]))),
    (b"~200146060000FDAD\r", (0x20, 1, 0x46, 6, b"")),
    (made(b"5A" * 23), (0x20, 1, 0x46, 0, b"\x5a" * 23)), (made(b"00", head=b"2102464F"), (0x21, 2, 0x46, 0x4F, b"\0")),
    (made(b"FF" * 2000), (0x20, 1, 0x46, 0, b"\xff" * 2000)),  # a sum beyond 16 bits is cut
    (made(characters(LONGEST_INFO)), (0x20, 1, 0x46, 0, LONGEST_INFO)),
]
SHORT = [case for case in FRAMES if len(case[0]) < 300]


class Dice:
    """The same numbers on every interpreter."""

    def __init__(self, seed):
        self._state = seed

    def below(self, limit):
        self._state = (self._state * 1103515245 + 12345) & 0x3FFFFFFF
        return (self._state >> 12) % limit

    def bytes(self, count, alphabet=None):
        return bytes([alphabet[self.below(len(alphabet))] if alphabet else self.below(256) for _ in range(count)])


def refused(line, words=""):
    """Does decode() refuse `line`, in such words?"""
    try:
        frame.decode(line)
    except frame.FrameError as error:
        return isinstance(error, ValueError) and str(error) != "" and words in str(error)
    return False


def is_encoded(cid2, **fields):
    try:
        return bool(frame.encode(cid2, **fields))
    except ValueError:
        return False


def check_what_is_encoded():
    """Only read commands, and fields that fit; and it decodes."""
    for cid2, info, line in REQUESTS:
        assert frame.encode(cid2, info) == line and isinstance(line, bytes), line
    for cid2 in range(-256, 0x1100):
        assert is_encoded(cid2) == (cid2 in READ_COMMANDS), f"CID2 {cid2:X}"
    for key in ("address", "version"):
        for value in (-1, 0, 255, 256):
            assert is_encoded(0x42, **{key: value}) == (0 <= value <= 255), (key, value)
    assert not is_encoded(0x42, info=bytes(2048))
    for size in (0, 1, 7, 8, 127, 128, 2047):
        info = LONGEST_INFO[:size]
        assert tuple(frame.decode(frame.encode(0x42, info, 3, 0x25))) == (0x25, 3, 0x46, 0x42, info), size


def check_frames_decode_with_and_without_cr():
    for line, fields in FRAMES:
        for given in (line, line[:-1], bytearray(line), memoryview(line)):
            got = frame.decode(given)
            assert (got.version, got.address, got.cid1, got.code, got.info) == fields == tuple(got), line
            assert isinstance(got.info, bytes)


def check_every_damage_of_one_character_is_refused():
    """Changed, lost, doubled, or the end of what came. In longer lines one character of each sort."""
    sorts = b"019AFGaf~\r\n\t \0+-x_\x7f\x80\xff"
    for line, _ in SHORT:
        for at in range(len(line)):
            for other in range(256) if len(line) < 20 else sorts:
                changed = bytearray(line)
                changed[at] = other
                assert other == line[at] or refused(changed), (at, bytes(changed))
            if at < len(line) - 1:
                for damaged in (line[:at], line[:at] + line[at + 1 :], line[: at + 1] + line[at:]):
                    assert refused(damaged), (at, damaged)
        assert line == line.lower() or refused(line.lower()), line
        for behind in (b"\r", b"\0", b"00", b" ", line):
            assert refused(line + behind), line + behind


def check_lengths_and_sums_that_are_not_true():
    """MicroPython's unhexlify() passes over white space. §2.5's example prints FC72 where its sum is FC71."""
    for info, lenid in ((b"A", None), (b"A" * 4095, None), (b"AB", 1), (b"", 2), (b"AB", 0)):
        assert refused(made(info, lenid)), (info[:8], lenid)
    for lenid, right in ((0x00, 0x0), (0x02, 0xE), (0x12, 0xD), (0x2E, 0x0), (0x6E, 0xC)):
        for lchksum in range(16):
            line = line_of(b"20014600%X%03X" % (lchksum, lenid) + b"0" * lenid)
            assert refused(line) == (lchksum != right), line
    line = REQUESTS[2][2]
    for gap in (b"  ", b"\t\n", b"\r\r"):
        assert refused(made(gap + b"5678")) and refused(made(b"1234" + gap)), gap
        for at in range(1, 17, 2):
            assert refused(line[:at] + gap + line[at + 2 :]), (at, gap)
    for chksum in (b"FDA", b"0FDAA", b"+DAA", b" DAA", b"F_AA"):
        assert refused(b"~200146900000" + chksum + b"\r"), chksum
    assert line_of(b"1203400456ABCEFE")[-5:-1] == b"FC71" and refused(b"~1203400456ABCEFEFC72\r")
    for line, words in (
        (made(b"AB", 4), "LENID says 4 characters of INFO, there are 2"),
        (REQUESTS[2][2][:-2] + b"B\r", "CHKSUM is not FDAA"),
        (line_of(b"20014600C002AB"), "LCHKSUM is C, LENID 002H needs E"),
    ):  # fmt: skip
        assert refused(line, words)


def check_garbage_raises_nothing_but_frame_errors():
    dice = Dice(2)
    alphabets = (None, b"0123456789ABCDEF", b"0123456789ABCDEF~\r\0 af", b"~200146E")
    for number in range(10_000):
        line = dice.bytes(dice.below(60), alphabets[number % 4])
        refused(line if number % 2 else b"~" + line + b"\r")


def check_return_codes_in_words():
    for code, words in ((0x01, "RTN 01H VER error"), (0x06, "RTN 06H invalid data, or no such pack"),
                        (0x91, "RTN 91H communication error: the master could not reach the pack"),
                        (0x77, "RTN 77H")):  # fmt: skip
        assert frame.return_code(code) == words
