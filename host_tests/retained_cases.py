"""The layout of RTC memory: what survives, and what is not believed. Runs on CPython and on MicroPython."""
# ruff: noqa: RUF005 - of MicroPython

from binascii import crc32
from struct import pack

from fakes import Memory

from firmware.retained import Retained

METERS = 17
RTC_MAX = 2048  # bytes that the ESP32 has
TEXT_MIN = 80  # bytes of a text that are worth keeping
FRESH = (0, 0, "", ""), [(0, 0)] * METERS
FILLED = (70_000, 5, "console", "OSError: nobody there"), [(1000 + n, 2**40 + n) for n in range(METERS)]


def filled():
    """Memory with something in every field."""
    memory = Memory()
    kept = Retained(memory)
    kept.boots, kept.quick_boots, kept.dialect, kept.last_error = FILLED[0]
    for index, (charged, discharged) in enumerate(FILLED[1]):
        kept.set_meter(index, charged, discharged)
    kept.save()
    return memory


def held(data):
    """All fields, and all meters."""
    kept = Retained(Memory(data))
    return (kept.boots, kept.quick_boots, kept.dialect, kept.last_error), \
        [tuple(kept.meter(index)) for index in range(METERS)]


def with_crc(body):
    return body + pack(">I", crc32(body) & 0xFFFFFFFF)


def check_all_fields_survive_once_they_are_saved():
    memory = filled()
    assert len(memory.data) <= RTC_MAX and held(memory.data) == FILLED
    kept = Retained(memory)
    kept.boots = 1
    kept.set_meter(4, 7, 8)
    assert (held(memory.data), memory.writes) == (FILLED, 1)
    kept.save()
    assert held(memory.data) == ((1,) + FILLED[0][1:], FILLED[1][:4] + [(7, 8)] + FILLED[1][5:])
    for _ in range(2):
        kept.forgive()
        kept.remember_dialect("framed")
    assert memory.writes == 4 and held(memory.data)[0] == (1, 0, "framed", FILLED[0][3])


def check_what_is_damaged_is_not_believed():
    """As after a power loss: fresh. Another magic neither; a later dialect is none."""
    good = filled().data
    for data in (b"", bytes(1), bytes(len(good)), b"\xff" * len(good), b"rubbish", good + b"\0", good * 2):
        assert held(data) == FRESH, len(data)
    for at in range(len(good)):
        assert held(good[:at]) == FRESH, at
        for change in (0x01, 0x80, 0xFF):
            assert held(good[:at] + bytes((good[at] ^ change,)) + good[at + 1 :]) == FRESH, (at, change)
    body = good[:-4]
    for magic in (b"P2M0", b"p2m1", b"\0\0\0\0"):
        assert held(with_crc(magic + body[4:])) == FRESH, magic
    for number, dialect in enumerate(("", "framed", "console", "rs485", "pace", "", "")):
        fields = FILLED[0][:2] + (dialect,) + FILLED[0][3:]
        assert held(with_crc(body[:9] + bytes((number,)) + body[10:])) == (fields, FILLED[1]), number


def check_texts_are_cut_between_characters_and_leave_nothing_of_longer_ones():
    memory = filled()
    for filler in ("x", "ü", "€", "\U0001f50b"):
        for text in ["x" * shift + filler * 200 for shift in range(5)] + ["x" * 96, "short", ""]:
            kept = Retained(memory)
            kept.last_error = text
            kept.save()
            found = Retained(memory).last_error
            assert text.startswith(found) and min(len(text), TEXT_MIN) <= len(found.encode()) < 200, (text, found)
            assert held(memory.data)[1] == FILLED[1]
