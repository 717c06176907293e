"""frame.Reader: lines out of a stream in any cuts, and its bounds. Runs on CPython and on MicroPython."""

from codec_cases import ANALOG, FRAMES, REQUESTS, SHORT, Dice, made, refused

from firmware.battery import frame

ANSWER = REQUESTS[2][2]
NOISE = b"\xb0\xf7\xf7w\xf7\xbf\xff\xbb\x00"
CHUNK = 4096
HELD_MAX = frame.LONGEST + CHUNK  # a line, and what was fed last


def waiting(reader):
    """The lines that the Reader has now."""
    lines = [reader.next()]
    while lines[-1] is not None:
        lines.append(reader.next())
    return lines[:-1]


def lines_from(chunks):
    """What a Reader makes of the chunks (any iterable); next() is called behind each until it has no more."""
    reader, lines = frame.Reader(), []
    for chunk in chunks:
        reader.feed(chunk)
        lines += waiting(reader)
    assert not [line for line in lines if not isinstance(line, bytes)]
    return lines


def one_by_one(data):
    """Chunks of one byte; does not hold them all, so that a small heap is enough."""
    for at in range(len(data)):
        yield data[at : at + 1]


def check_frames_in_any_cut():
    for line, _ in FRAMES:
        for before, behind, lines in ((b"", b"", [line]), (NOISE, b"\0" + line, [line, line])):
            data = before + line + behind
            assert lines_from([data]) == lines_from(one_by_one(data)) == lines, data[:40]
    for line, _ in SHORT:
        for at in range(len(line) + 1):
            assert lines_from([line[:at], line[at:]]) == [line], at
        assert lines_from([line + b"~2001", line[5:]]) == [line, b"~2001" + line[5:]]
    for kind in (bytearray, memoryview):
        assert lines_from([kind(ANALOG[:50]), kind(ANALOG[50:])]) == [ANALOG]
    assert lines_from([ANSWER * 200]) == [ANSWER] * 200


def check_nothing_comes_of_nothing():
    reader = frame.Reader()
    assert reader.next() is None
    for chunk in (b"", b"~", b"", b"20", b""):
        reader.feed(chunk)
        assert reader.next() is None
    reader.clear()
    reader.feed(ANSWER + b"~rest\r", len(ANSWER))
    assert waiting(reader) == [ANSWER]


def check_second_soi_starts_anew():
    """A reply that was cut off, and the one behind it; lines without SOI are skipped."""
    for line, _ in SHORT:
        for end in range(len(line) - 1):
            assert lines_from([line[:end] + line]) == lines_from([line[:end], line]) == [line], end
    assert lines_from([b"~~~~", ANSWER]) == [ANSWER]
    assert lines_from([b"\r\r20014600\r", b"\n\r" + ANSWER + b"00\r" + ANSWER]) == [ANSWER, ANSWER]


def check_longest_line_and_one_more():
    longest = made(b"A" * 4095)
    assert len(longest) == frame.LONGEST
    assert lines_from([longest]) == lines_from([longest[:-1], b"\r"]) == [longest]
    assert lines_from([NOISE * 400 + longest[:4000], longest[4000:]]) == [longest]
    longer = longest[:-1] + b"A\r"
    for chunks in ([longer + ANSWER], [longer[:-1], b"\r" + ANSWER], one_by_one(longer + ANSWER)):
        assert lines_from(chunks) == [ANSWER]


def check_changed_frames_come_to_nothing():
    """Any byte in any place, SOI and EOI too: no line that comes out is a frame, and the next one is found."""
    for line, _ in SHORT[:4]:
        for at in range(len(line)):
            for other in b"~\r\0 0F\xff":
                if other != line[at]:
                    got = lines_from([line[:at] + bytes([other]) + line[at + 1 :], b"\0", ANALOG])
                    assert got[-1] == ANALOG, (at, other)
                    assert not [1 for one in got[:-1] if not refused(one)], (at, other)


def check_garbage_is_not_kept():
    """With and without next(): no more is held than a line takes, and a frame behind it is found."""
    calm = Dice(7).bytes(CHUNK, b"0123456789ABCDEF\0 \n")
    for garbage in (Dice(7).bytes(CHUNK), calm, b"~" + calm[1:], b"~" * CHUNK, b"~\r" * 40, ANALOG * 30):
        for take in (True, False):
            reader = frame.Reader()
            for _ in range(16):
                reader.feed(garbage)
                assert len(reader._buffer) <= HELD_MAX
                if take:
                    waiting(reader)
            reader.feed(b"\r" + ANSWER)
            assert waiting(reader)[-1] == ANSWER
