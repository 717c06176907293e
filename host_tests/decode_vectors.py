"""Frames good and bad as data, and what decode.py has to say of them."""

from codec_cases import ANALOG, REQUESTS, characters, made
from messages_cases import MANAGEMENT, MANUFACTURER, PARAMETERS, SERIAL, WIDE, WILD, analog_block

from tools import decode


def run(capsys, *arguments):
    """-> exit status, stdout, stderr of decode.py in this process."""
    try:
        status = decode.main(list(arguments))
    except SystemExit as error:  # argparse
        status = error.code
    out = capsys.readouterr()
    return status, out.out, out.err


def text_of(line):
    """A line as decode.py takes it: without its CR."""
    return line.rstrip(b"\r").decode("latin-1")


def reply(info, code=0):
    return text_of(made(characters(info), head=b"200146%02X" % code))


VECTOR = text_of(ANALOG)
SMALL_BLOCK = analog_block((3300, 3301), (2981,), -15, 6601, 40000, 50000, 3)
# request, command, (field, value) of its INFO
REQUESTS_SAY = (
    ("~20014642E00201FD35", "42H, analog values", (("Command", "1"),)),
    ("~20014642E002FFFD0A", "42H, analog values", (("Command", "FFH: all packs"),)),
    ("~20014644E00201FD33", "44H, alarm data", (("Command", "1"),)),
    ("~200146470000FDA8", "47H, system parameters", ()),
    ("~2001464F0000FD99", "4FH, protocol version", ()),
    ("~200146510000FDAD", "51H, manufacturer", ()),
    ("~200146900000FDAA", "90H, pack count", ()),
    ("~20014691E00203FD2F", "91H, set communication rate", (("rate", "4800 baud"),)),
    ("~20014692E00201FD30", "92H, charge/discharge management", (("Command", "1"),)),
    ("~20014693E00202FD2E", "93H, serial number", (("Command", "2"),)),
    ("~20014682C0048520FCC3", "82H, wake-up of the text console, undocumented", ()),
    (text_of(made(b"", head=b"20014694")), "94H, set charge/discharge limits; this project never sends it", ()),
    (text_of(made(b"", head=b"20014695")), "95H, turn a pack off; this project never sends it", ()),
    (text_of(made(b"", head=b"20014699")), "99H, buzzer; this project never sends it", ()),
)
# reply, CID2 that it answers, section, some (number of the first character, field, value)
REPLIES_SAY = (
    (VECTOR, 0x42, "3.5", (
        (14, "INFOFLAG", "11H"), (16, "Command or pack count", "1"), (18, "M, number of cells", "15"),
        (20, "cell 1 voltage", "3397 mV"), (44, "cell 7 voltage", "3390 mV"), (76, "cell 15 voltage", "3402 mV"),
        (80, "N, number of temperatures", "5"), (82, "temperature 1", "28.0 °C"), (98, "temperature 5", "29.0 °C"),
        (102, "current", "0.0 A"), (106, "pack voltage", "50981 mV"), (110, "remaining capacity", "49000 mAh"),
        (114, "U, user-defined count", "2"), (116, "total capacity", "50000 mAh"), (120, "cycles", "2"),
    )),
    (reply(b"\x00\x02" + SMALL_BLOCK + WIDE), 0x42, "3.5", (
        (30, "pack 1: temperature 1", "25.0 °C"), (34, "pack 1: current", "-1.5 A (discharge)"),
        (140, "pack 2: current", "11.0 A (charge)"),
        (148, "pack 2: remaining capacity", "FFFFH: too large for 2 bytes, the 3-byte field has it"),
        (162, "pack 2: remaining capacity in 3 bytes", "75480 mAh"),
        (168, "pack 2: total capacity in 3 bytes", "74000 mAh"),
    )),
    (reply(b"\x11\x01" + WILD), 0x44, "3.7", (
        (14, "DATAFLAG", "11H"), (20, "cell 1 state", "normal"), (22, "cell 2 state", "below the lower limit"),
        (24, "cell 3 state", "above the upper limit"), (26, "cell 4 state", "other error"),
        (66, "charge current state", "above the upper limit"), (68, "pack voltage state", "below the lower limit"),
        (70, "discharge current state", "other error"), (72, "status1", "01H: over-voltage"),
        (74, "status2", "02H: charge FET on"), (76, "status3", "04H: bit 2, unknown"),
        (78, "status4", "08H: cell 4 fault"), (80, "status5", "80H: cell 16 fault"),
    )),
    (reply(b"\x00\x02" + WILD + b"\x07"), 0x44, "3.7", ((80, "status5", "80H: cell 16 fault"),
                                                        (82, "behind status5", "of unknown meaning"))),
    (reply(PARAMETERS), 0x47, "3.6", (
        (16, "cell high-voltage limit", "3650 mV"), (28, "charge high temperature", "60.0 °C"),
        (32, "charge low temperature", "-10.0 °C"), (36, "charge current limit", "25.0 A (charge)"),
        (60, "discharge current limit", "-25.0 A (discharge)"),
    )),
    (reply(MANUFACTURER), 0x51, "3.3", (
        (14, "device name", "'US2KBPL'"), (34, "software version", "2.3"),
        (38, "manufacturer", "'Pylon---------------'"),
    )),
    (reply(b"\x10"), 0x90, "3", ((14, "number of packs", "16"),)),
    (reply(MANAGEMENT), 0x92, "3.9", (
        (14, "Command", "2"), (16, "charge voltage limit", "53250 mV"), (28, "discharge current limit",
                                                                         "-25.0 A (discharge)"),
        (32, "status", "C0H: charge enabled, discharge enabled"),
    )),
    (reply(SERIAL), 0x93, "3.10", ((14, "Command", "2"), (16, "serial number", "'PPTBP02311711100'"))),
)  # fmt: skip
# A bad line, and each of its faults: number of the first character, how many, what it should be
BAD = (
    ("", ((1, 1, "SOI must be '~'"), (1, 1, "ends here, after 0 characters"))),
    ("~", ((2, 1, "ends here, after 1 characters; the shortest frame has 17"),)),
    ("20014642E00201FD35", ((1, 1, "SOI must be '~' (7EH), '2' stands here"),)),
    ("x20014642E00201FD35", ((1, 1, "'x' stands here"),)),
    ("~20014642E00201FD36", ((16, 4, "CHKSUM is 'FD36'; the characters before it make FD35"),)),
    ("~20014642E00202FD35", ((16, 4, "the characters before it make FD34"),)),
    ("~20014642D00201FD35", ((10, 1, "LCHKSUM is D; for LENID 002 it must be E"),
                             (16, 4, "make FD36, and with LCHKSUM E this one"))),
    ("~20014642E0020fFD35", ((15, 1, "lower-case hex 'f': it must be 'F'"), (16, 4, "make"))),
    ("~20014642E0020 FD35", ((15, 1, "' ' is no hex"), (16, 4, "make"))),
    ("~200\xb04642E00201FD35", ((5, 1, "B0H is no hex"), (16, 4, "make"))),
    ("~20014642E00201FD35\r\0", ((20, 2, "0DH 00H is no hex"), (11, 3, "there are 4: 2 too many"), (18, 4, "make"))),
    ("~20014642E00201FD3", ((11, 3, "says 2 characters of INFO, there are 1: 1 missing. LENID fits its LCHKSUM"),)),
    ("~20014642E00", ((13, 1, "ends here, after 12 characters"),)),
    ("~20014642E0020101FCD4", ((11, 3, "there are 4: 2 too many. CHKSUM is right, so it is LENGTH that is wrong: it "
                                        "must be C004"),)),
    (text_of(made(b"ABC")), ((11, 3, "LENID 003 is odd"),)),
    (VECTOR[:100], ((11, 3, "LENID 06E says 110 characters of INFO, there are 83: 27 missing. LENID fits"),)),
    (VECTOR[:50] + "ZZ" + VECTOR[52:], ((51, 2, "'ZZ' is no hex"), (124, 4, "make"))),
)  # fmt: skip
# Good frames whose INFO is wrong: the line, --cid2, where, how many, why
BAD_INFO = (
    (VECTOR, 0x44, 124, 2, "INFO does not fit alarm data: INFO of 55 bytes"),
    (reply(MANUFACTURER), 0x93, 48, 30, "INFO does not fit serial number: INFO has 32 bytes, its layout 17"),
    (reply(b"\x11\x01" + SMALL_BLOCK[:-1]), 0x42, 52, 2, "INFO does not fit analog values: INFO of 20 bytes ends too"),
    (reply(b"\x11\x01\x00"), 0x42, 18, 2, "a pack without cells"),
    (reply(b"\x11\x01" + SMALL_BLOCK.replace(b"\x02\xc3\x50", b"\x09\xc3\x50")), 0x42, 46, 10, "count is 9, 2 or 4"),
    (reply(b"\x11\x03" + SMALL_BLOCK * 2), 0x42, 14, 80, "INFO holds 2 packs and says 3"),
    (reply(b"\x01\x02"), 0x4F, 14, 4, "INFO of 2 bytes where none belongs"),
    (reply(b"\x01\x02\x03"), None, 14, 6, "INFO has the layout of no reply"),
)
__all__ = ["BAD", "BAD_INFO", "REPLIES_SAY", "REQUESTS", "REQUESTS_SAY", "VECTOR"]
