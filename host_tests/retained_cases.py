"""The layout of RTC memory: what survives, and what is not believed. Runs on CPython and on MicroPython."""

from binascii import crc32
from struct import pack

from fakes import Memory

from firmware.retained import Retained

METERS = Retained.METERS
RTC_MAX = 2048  # bytes that the ESP32 has
TEXT_MIN = 80  # bytes of a text that are worth keeping


def filled():
    """Memory with something in every field."""
    memory = Memory()
    kept = Retained(memory)
    kept.boots, kept.quick_boots, kept.dialect, kept.last_error = 70_000, 5, "console", "OSError: nobody there"
    for index in range(METERS):
        kept.set_meter(index, 1000 + index, 2**40 + index)
    kept.save()
    return memory


def is_fresh(memory):
    kept = Retained(memory)
    return (kept.boots, kept.quick_boots, kept.dialect, kept.last_error) == (0, 0, "", "") \
        and [tuple(kept.meter(index)) for index in range(METERS)] == [(0, 0)] * METERS


def check_all_fields_survive():
    memory = filled()
    assert METERS == 17 and len(memory.data) <= RTC_MAX
    kept = Retained(memory)
    assert (kept.boots, kept.quick_boots, kept.dialect) == (70_000, 5, "console")
    assert kept.last_error == "OSError: nobody there"
    assert [tuple(kept.meter(index)) for index in range(METERS)] == [(1000 + n, 2**40 + n) for n in range(METERS)]


def check_nothing_is_written_before_save():
    memory = filled()
    before, writes = memory.data, memory.writes
    kept = Retained(memory)
    kept.boots = 1
    kept.set_meter(4, 7, 8)
    assert (memory.data, memory.writes) == (before, writes)
    kept.save()
    again = Retained(memory)
    assert (memory.writes, again.boots, again.last_error) == (writes + 1, 1, "OSError: nobody there")
    assert (tuple(again.meter(3)), tuple(again.meter(4))) == ((1003, 2**40 + 3), (7, 8))


def check_shorter_text_leaves_nothing_of_the_longer():
    memory = filled()
    for text in ("x" * 96, "short", ""):
        kept = Retained(memory)
        kept.last_error = text
        kept.save()
        assert Retained(memory).last_error == text


def check_empty_memory_is_fresh():
    """As after a power loss."""
    for data in (b"", bytes(1), bytes(len(filled().data)), b"\xff" * len(filled().data)):
        assert is_fresh(Memory(data)), len(data)


def check_every_changed_byte_is_seen():
    good = filled().data
    assert not is_fresh(Memory(good))
    for at in range(len(good)):
        for change in (0x01, 0x80, 0xFF):
            bad = bytearray(good)
            bad[at] ^= change
            assert is_fresh(Memory(bytes(bad))), (at, change)


def check_wrong_length_is_not_believed():
    good = filled().data
    for size in range(len(good)):
        assert is_fresh(Memory(good[:size])), size
    for more in (b"\0", good):
        assert is_fresh(Memory(good + more))
    memory = Memory(b"rubbish")
    kept = Retained(memory)
    kept.boots += 1
    kept.save()
    assert Retained(memory).boots == 1


def check_other_magic_is_not_believed():
    """Another layout, though its checksum is right."""
    good = filled().data
    assert pack(">I", crc32(good[:-4]) & 0xFFFFFFFF) == good[-4:]
    for magic in (b"P2M0", b"p2m1", b"\0\0\0\0"):
        body = magic + good[4:-4]
        assert is_fresh(Memory(body + pack(">I", crc32(body) & 0xFFFFFFFF))), magic


def check_dialect_that_is_unknown_is_none():
    """Of a later version, perhaps: nothing else is lost."""
    body = bytearray(filled().data[:-4])
    assert body[9] == 2
    for number in (5, 255):
        body[9] = number
        kept = Retained(Memory(bytes(body) + pack(">I", crc32(body) & 0xFFFFFFFF)))
        assert (kept.dialect, kept.boots) == ("", 70_000), number


def check_what_is_set_by_the_loop_is_saved_once():
    memory = filled()
    kept, writes = Retained(memory), memory.writes
    for _ in range(2):
        kept.forgive()
        kept.remember_dialect("framed")
    assert memory.writes == writes + 2
    again = Retained(memory)
    assert (again.boots, again.quick_boots, again.dialect) == (70_000, 0, "framed")


def check_long_texts_are_cut_between_characters():
    for filler in ("x", "ü", "€", "\U0001f50b"):
        for shift in range(5):
            text = "x" * shift + filler * 200
            memory = Memory()
            kept = Retained(memory)
            kept.last_error = text
            kept.save()
            found = Retained(memory).last_error
            assert text.startswith(found) and TEXT_MIN <= len(found.encode()) < 200, (filler, shift, found)
            assert Retained(memory).boots == 0
