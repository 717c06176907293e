"""The frame and its Reader: cases as data, and checks that need no pytest. Runs on CPython and on MicroPython."""

from firmware.battery import frame

# protocol.md §3: the known good requests. CID2, INFO, and the line on the wire
REQUESTS = (
    (0x42, b"\x01", b"~20014642E00201FD35\r"),
    (0x44, b"\x01", b"~20014644E00201FD33\r"),
    (0x90, b"", b"~200146900000FDAA\r"),
    (0x51, b"", b"~200146510000FDAD\r"),
    (0x47, b"", b"~200146470000FDA8\r"),
    (0x92, b"\x01", b"~20014692E00201FD30\r"),
    (0x91, b"\x03", b"~20014691E00203FD2F\r"),
)
# §4.1: pack 1 of 15 cells
ANALOG = (
    b"~20014600C06E11010F0D450D440D450D440D450D440D3E0D450D4A0D4A0D4B0D4A0D4A0D4A0D4A"
    b"050BC30BC30BC30BCD0BCD0000C725BF6802C3500002E553\r"
)
READ_COMMANDS = (0x42, 0x44, 0x47, 0x4F, 0x51, 0x90, 0x91, 0x92, 0x93)
NOISE = b"\xb0\xf7\xf7w\xf7\xbf\xff\xbb\x00"
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
    (b"~200146900000FDAA\r", (0x20, 1, 0x46, 0x90, b"")),
    (made(b"5A" * 23), (0x20, 1, 0x46, 0, b"\x5a" * 23)),
    (made(b"00FF", head=b"2102464F"), (0x21, 2, 0x46, 0x4F, b"\x00\xff")),
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
        if alphabet:
            return bytes([alphabet[self.below(len(alphabet))] for _ in range(count)])
        return bytes([self.below(256) for _ in range(count)])


def refused(line):
    """Whether decode() refuses `line`; the error tells why, as a ValueError of its own."""
    try:
        frame.decode(line)
    except frame.FrameError as error:
        assert isinstance(error, ValueError) and str(error), "an error without words"
        return True
    return False


def check_requests_of_the_protocol():
    for cid2, info, line in REQUESTS:
        assert frame.encode(cid2, info) == line and isinstance(line, bytes), line
    assert frame.encode(0x42, b"\x02", address=2) == b"~20024642E00202FD33\r"
    assert frame.encode(0x4F, version=0x21) == line_of(b"2101464F0000")


def check_only_read_commands_are_encoded():
    """All 256 of CID2, and numbers that are no byte."""
    for cid2 in range(-256, 0x1100):
        try:
            frame.encode(cid2)
            allowed = True
        except ValueError:
            allowed = False
        assert allowed == (cid2 in READ_COMMANDS), f"CID2 {cid2:X}"


def check_fields_that_do_not_fit_are_refused():
    for fields in ({"address": 256}, {"address": -1}, {"version": 256}, {"version": -1}, {"info": bytes(2048)}):
        try:
            frame.encode(0x42, **fields)
        except ValueError:
            continue
        raise AssertionError(f"encoded: {list(fields)}")
    assert not refused(frame.encode(0x42, LONGEST_INFO))


def check_what_is_encoded_decodes():
    for size in (0, 1, 2, 7, 8, 22, 23, 24, 127, 128, 255, 256, 2047):
        info = LONGEST_INFO[:size]
        assert tuple(frame.decode(frame.encode(0x42, info, 3, 0x25))) == (0x25, 3, 0x46, 0x42, info), size
    for address, version in ((0, 0), (255, 255), (0, 255), (1, 0x20)):
        assert tuple(frame.decode(frame.encode(0x4F, b"", address, version)))[:2] == (version, address)


def check_frames_decode_with_and_without_cr():
    for line, fields in FRAMES:
        for given in (line, line[:-1], bytearray(line), memoryview(line)):
            got = frame.decode(given)
            assert tuple(got) == fields, line
            assert (got.version, got.address, got.cid1, got.code, got.info) == fields, line
            assert isinstance(got.info, bytes)


def check_every_changed_character_is_refused():
    """Each place by every other byte; in the longer lines by one of each sort."""
    sorts = b"019AFGaf~\r\n\t \0+-x_\x7f\x80\xff"
    for line, _ in SHORT:
        others = range(256) if len(line) < 20 else sorts
        for at in range(len(line)):
            for other in others:
                if other != line[at]:
                    changed = bytearray(line)
                    changed[at] = other
                    assert refused(changed), (at, bytes(changed))


def check_truncated_lost_doubled_trailing_and_lower_case_characters_are_refused():
    for line, fields in SHORT:
        assert tuple(frame.decode(line[:-1])) == fields
        for at in range(len(line) - 1):
            assert refused(line[:at]), line[:at]
            assert refused(line[:at] + line[at + 1 :]), f"lost {at} of {line}"
            assert refused(line[: at + 1] + line[at:]), f"doubled {at} of {line}"
        assert line == line.lower() or refused(line.lower()), line
        for behind in (b"\r", b"\0", b"00", b" ", line):
            assert refused(line + behind), line + behind
        assert refused(line[:-1] + b"\n"), line


def check_lengths():
    """LENGTH and CHKSUM right for what they say, and yet no frame."""
    assert not refused(made(b"")) and not refused(made(b"AB"))
    odd = ((b"A", None), (b"ABC", None), (b"A" * 4095, None), (b"AB", 1))
    untrue = ((b"", 2), (b"AB", 0), (b"AB", 4))
    for info, lenid in odd + untrue:
        assert refused(made(info, lenid)), (info[:8], lenid)


def check_white_space_is_no_hex():
    """unhexlify() of MicroPython passes over white space between two bytes; CHKSUM and LENGTH are right here."""
    for gap in (b"  ", b"\t\n", b"\r\r", b"    "):
        for at in (0, 2, 4):
            info = b"12345678"
            assert refused(made(info[:at] + gap + info[at + len(gap) :])), (at, gap)
        for at in range(0, 16, 2):
            line = bytearray(REQUESTS[2][2])
            line[at + 1 : at + 3] = gap[:2]
            assert refused(line), line


def check_every_lchksum_but_the_right_one_is_refused():
    for lenid, right in ((0x00, 0x0), (0x02, 0xE), (0x12, 0xD), (0x2E, 0x0), (0x6E, 0xC)):
        for lchksum in range(16):
            line = line_of(b"20014600%X%03X" % (lchksum, lenid) + b"0" * lenid)
            assert refused(line) == (lchksum != right), line


def check_chksum_of_every_size():
    """Sums beyond 16 bits are cut, not refused; a CHKSUM of four hex characters only. §2.5's example prints FC72 where
    its characters sum to FC71.
    """
    assert line_of(b"1203400456ABCEFE")[-5:-1] == b"FC71" and refused(b"~1203400456ABCEFEFC72\r")
    assert not refused(made(b"FF" * 2000))
    for chksum in (b"FDA", b"0FDAA", b"+DAA", b" DAA", b"F_AA", b"-002"):
        assert refused(b"~200146900000" + chksum + b"\r"), chksum


def check_garbage_raises_nothing_but_frame_errors():
    """10 000 lines: any bytes, hex of any length, and frames with some of their bytes changed."""
    dice = Dice(2)
    alphabets = (None, b"0123456789ABCDEF", b"0123456789ABCDEF~\r\0 af", b"~200146E")
    for number in range(10000):
        alphabet = alphabets[number % 4]
        line = dice.bytes(dice.below(60), alphabet)
        if number % 3 == 0:
            line = b"~" + line + b"\r"
        elif number % 3 == 1:
            line = bytearray(SHORT[dice.below(len(SHORT))][0])
            original = bytes(line)
            for _ in range(1 + dice.below(3)):
                line[dice.below(len(line))] = dice.bytes(1, alphabet)[0]
            if line == original:
                continue
        refused(line)
