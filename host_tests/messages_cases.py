"""Layouts of INFO: golden values, and every length that does not fit. Runs on CPython and on MicroPython."""

from binascii import unhexlify
from struct import pack

from codec_cases import ANALOG, Dice

from firmware.battery import frame, messages


def analog_block(cells, kelvin, current, voltage, remaining, capacity, cycles, wide=None):
    """§4.1; `kelvin` in 0.1 K, `current` in 100 mA, `wide`: (remaining, capacity) in 3 bytes each, U is 4."""
    block = pack(">B", len(cells)) + b"".join([pack(">h", cell) for cell in cells])
    block += pack(">B", len(kelvin)) + b"".join([pack(">H", one) for one in kelvin])
    block += pack(">hHHBHH", current, voltage, remaining, 4 if wide else 2, capacity, cycles)
    for value in wide or ():
        block += pack(">BH", value >> 16, value & 0xFFFF)
    return block


def alarm_block(cells, temperatures, charge=0, voltage=0, discharge=0, status=bytes(5)):
    """§4.2"""
    states = bytes((charge, voltage, discharge))
    return bytes((len(cells),)) + cells + bytes((len(temperatures),)) + temperatures + states + status


# blocks, and what is in them
SMALL = analog_block((3300, -1, 0), (2731, 2730, 0), -5, 65535, 0, 50000, 65535)
SMALL_VALUES = ((3300, -1, 0), (0, -1, -2731), -500, 65535, 0, 50000, 65535)
WIDE = analog_block((3354,) * 15, (2981,) * 5, 110, 50310, 0xFFFF, 0xFFFF, 7, (75480, 74000))
WIDE_VALUES = ((3354,) * 15, (250,) * 5, 11000, 50310, 75480, 74000, 7)
FULL = analog_block((3601,) * 16, (3231,) * 6, -32768, 57616, 0, 0, 0, (0, 0xFFFFFF))
FULL_VALUES = ((3601,) * 16, (500,) * 6, -3276800, 57616, 0, 0xFFFFFF, 0)
CALM = alarm_block(bytes(15), bytes(5))
CALM_VALUES = (bytes(15), bytes(5), 0, 0, 0, bytes(5))
WILD = alarm_block(b"\0\1\2\xf0" * 4, b"\0\1\2\xf0\0\0", 2, 1, 0xF0, b"\x01\x02\x04\x08\x80")
WILD_VALUES = (b"\0\1\2\xf0" * 4, b"\0\1\2\xf0\0\0", 2, 1, 0xF0, b"\x01\x02\x04\x08\x80")

PARAMETERS = unhexlify(b"110E420BEA0AF00D030A4700FACD14B21EA4100D03096BFF06")
PARAMETERS_VALUES = (3650, 3050, 2800, 600, -100, 25000, 52500, 45598, 42000, 600, -320, -25000)
MANAGEMENT = unhexlify(b"02D002B79800FAFF06C0")
MANAGEMENT_VALUES = (2, 53250, 47000, 25000, -25000, 0xC0)
MANUFACTURER = b"US2KBPL\0\0\0" + b"\x02\x03" + b"Pylon---------------"
SERIAL = b"\x02" + b"PPTBP02311711100"
# parser, INFO, what comes out. 42H and 44H: INFOFLAG, then Command or pack count, then blocks
GOLDEN = (
    (messages.analog_values, b"\x11\x03" + SMALL, (3, [SMALL_VALUES])),
    (messages.analog_values, b"\x10\x10" + FULL, (16, [FULL_VALUES])),
    (messages.analog_values, b"\x11\x02" + SMALL + WIDE, (2, [SMALL_VALUES, WIDE_VALUES])),
    (messages.analog_values, b"\x11\x10" + FULL * 16, (16, [FULL_VALUES] * 16)),
    (messages.alarms, b"\x11\x01" + WILD, (1, [WILD_VALUES])),
    (messages.alarms, b"\x11\x02" + CALM + WILD, (2, [CALM_VALUES, WILD_VALUES])),
    (messages.alarms, b"\x11\x10" + CALM * 16, (16, [CALM_VALUES] * 16)),
    (messages.alarms, b"\x00\x02" + CALM + b"\x80", (2, [CALM_VALUES])),
    (messages.alarms, b"\x00\x02" + WILD + b"\x00" + CALM + b"\x01", (2, [WILD_VALUES, CALM_VALUES])),
    (messages.system_parameters, PARAMETERS, PARAMETERS_VALUES),
    (messages.management, MANAGEMENT, MANAGEMENT_VALUES),
    (messages.manufacturer, MANUFACTURER, ("US2KBPL", "2.3", "Pylon")),
    (messages.serial_number, SERIAL, (2, "PPTBP02311711100")),
    (messages.pack_count, b"\x10", 16),
)
# the names that others use: field of a namedtuple of its own for each value
NAMES = (
    (messages.Analog, "cells temperatures current voltage remaining capacity cycles"),
    (messages.Alarm, "cells temperatures charge_current voltage discharge_current status"),
)


def plain(value):
    """Sequences of numbers as tuples, so that what is compared are the values; texts and numbers as they are."""
    return value if isinstance(value, (int, str)) else tuple([plain(one) for one in value])


def refused(parse, info):
    try:
        return not parse(info)
    except messages.DataError as error:
        return isinstance(error, ValueError) and str(error) != ""


def changed(info, at, byte):
    return info[:at] + bytes((byte,)) + info[at + 1 :]


def check_golden_values():
    for parse, info, values in GOLDEN:
        assert plain(parse(info)) == plain(values), info[:40]
    for kind, names in NAMES:
        names = names.split()
        values = kind(*range(len(names)))
        assert [getattr(values, name) for name in names] == list(range(len(names)))
    cells = (3397, 3396) * 3 + (3390, 3397, 3402, 3402, 3403) + (3402,) * 4  # §5 of the document: pack 1, 49 of 50 Ah
    values = cells, (280, 280, 280, 290, 290), 0, 50981, 49000, 50000, 2
    assert plain(messages.analog_values(unhexlify(ANALOG[13:-5]))) == (1, (values,))


def one_block(parse, info):
    """Lengths at which a reply about all packs is also one of a single pack, whose number is their count."""
    ends = [2 + len(block) for block in (SMALL, WIDE, FULL, CALM, WILD) if info[2:].startswith(block)]
    return ends + [end + 1 for end in ends if parse is messages.alarms]  # the extra byte of newer packs


def check_every_other_length_is_refused():
    for parse, info, _ in GOLDEN:
        for size in range(len(info)):
            assert refused(parse, info[:size]) or size in one_block(parse, info), (info[:40], size)
        if parse is messages.alarms and len(info) in (2 + len(CALM), 2 + len(WILD)):
            info += b"\0"  # the extra byte that newer packs send
        for more in (b"\0", b"\xff", b"\1\1"):
            assert refused(parse, info + more), info[:40]


def check_count_of_packs_must_be_true():
    """One block belongs to any pack, more than one are as many as the count says; all have the extra byte, or none."""
    for blocks in (CALM + b"\0" + WILD, WILD + CALM + b"\0", (CALM + b"\0") * 2 + CALM):
        assert refused(messages.alarms, b"\0" + bytes((len(blocks) // len(CALM),)) + blocks), blocks
    for parse, block in ((messages.analog_values, WIDE), (messages.alarms, CALM)):
        for count in (1, 2, 3, 16):
            for said in range(256):
                good = said == count or count == 1
                assert refused(parse, bytes((0, said)) + block * count) != good, (count, said)


def check_wrong_counts_inside_a_block():
    """Of cells and temperatures: one or two too many or too few, or none. Of user-defined values: 2 or 4."""
    assert refused(messages.analog_values, b"\0\1" + analog_block((), (2731,), 0, 0, 0, 0, 0))
    assert refused(messages.alarms, b"\0\1" + alarm_block(b"", b"\0"))
    assert not refused(messages.analog_values, b"\0\1" + analog_block((1,), (), 0, 0, 0, 0, 0))
    for parse, block, places in ((messages.analog_values, WIDE, (0, 31)), (messages.alarms, WILD, (0, 17))):
        for at in places:
            own = block[at]
            for count in (own - 2, own - 1, own + 1, own + 2, 255):
                spare = parse is messages.alarms and count == own - 1  # the byte left over may be the extra one
                assert spare or refused(parse, b"\0\1" + changed(block, at, count)), (at, count)
    for block, own, at in ((SMALL, 2, len(SMALL) - 5), (WIDE, 4, len(WIDE) - 11)):
        assert block[at] == own
        for count in range(256):
            for rest in (0, 3, 6):
                good = count == own and not rest
                info = b"\0\1" + changed(block, at, count) + bytes(rest)
                assert refused(messages.analog_values, info) != good or (count, rest) == (4, 6), count


def check_texts_and_versions():
    for raw, text in ((b"US2KBPL\0\0\0", "US2KBPL"), (b"US2KBPL   ", "US2KBPL"), (b"US2K-BPL- ", "US2K-BPL"),
                      (b"A B--\0\0\0\0\0", "A B"), (b" " * 10, ""), (b"~" * 10, "~" * 10)):  # fmt: skip
        assert messages.manufacturer(raw + b"\0\0" + bytes(20))[0] == text, raw
        assert messages.manufacturer(bytes(10) + b"\xff\x10" + raw + bytes(10))[1:] == ("255.16", text)
        assert messages.serial_number(b"\x10" + raw + bytes(6)) == (16, text)
    for byte in (0x00, 0x01, 0x1F, 0x7F, 0x80, 0xFF):
        for at in (0, 5, 8):
            text = changed(b"0123456789", at, byte)
            assert refused(messages.serial_number, b"\1" + text + bytes(6)), (at, byte)
            assert refused(messages.manufacturer, text + bytes(22)), (at, byte)
            assert refused(messages.manufacturer, bytes(12) + text + bytes(10)), (at, byte)


def check_longest_replies():
    """Of one pack: what a timeout is made from."""
    for cid2, info in ((0x42, b"\0\1" + FULL), (0x44, b"\0\1" + WILD), (0x47, PARAMETERS), (0x4F, b""),
                       (0x51, MANUFACTURER), (0x90, b"\1"), (0x91, b""), (0x92, MANAGEMENT), (0x93, SERIAL)):
        assert frame.longest_reply(cid2) == len(frame.encode(cid2, info)), cid2


def check_random_info_raises_nothing_but_data_errors():
    dice = Dice(3)
    for number in range(2000):
        info = dice.bytes(dice.below(80), b"\0\1\2\3\4\5\x0f\x10" if number % 2 else None)
        refused(GOLDEN[number % len(GOLDEN)][0], info)
