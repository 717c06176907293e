"""frame.Reader: lines out of a stream in any cuts, and its bounds. Runs on CPython and on MicroPython."""

from codec_cases import ANALOG, FRAMES, NOISE, REQUESTS, SHORT, Dice, made, refused

from firmware.battery import frame

try:
    from gc import collect, mem_alloc

    def allocated():
        collect()
        return mem_alloc()

except ImportError:
    import tracemalloc

    def allocated():
        return tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0


ANSWER = REQUESTS[2][2]
CHUNK = 4096
CHUNKS = 16  # of CHUNK bytes
PIECE = 64  # bytes that a UART gives at a time
HELD_MAX = 3 * (frame.LONGEST + CHUNK)  # a line, what was fed last, and room to copy it


def lines_from(chunks):
    """What a Reader makes of the chunks (any iterable); next() is called behind each until it has no more."""
    reader, lines = frame.Reader(), []
    for chunk in chunks:
        reader.feed(chunk)
        lines += list(waiting(reader))
    return lines


def waiting(reader):
    """Yields the lines that the Reader has now."""
    line = reader.next()
    while line is not None:
        assert isinstance(line, bytes)
        yield line
        line = reader.next()


def one_by_one(data):
    """Chunks of one byte; does not hold them all, so that a small heap is enough."""
    for at in range(len(data)):
        yield data[at : at + 1]


def check_frames_in_any_cut():
    for line, _ in FRAMES:
        assert lines_from([line]) == lines_from(one_by_one(line)) == [line]
    for line, _ in SHORT:
        for at in range(len(line) + 1):
            assert lines_from([line[:at], line[at:]]) == [line], at
    for kind in (bytearray, memoryview):
        assert lines_from([kind(ANALOG[:50]), kind(ANALOG[50:])]) == [ANALOG]


def check_nothing_comes_of_nothing():
    reader = frame.Reader()
    assert reader.next() is None
    for chunk in (b"", b"~", b"", b"20", b""):
        reader.feed(chunk)
        assert reader.next() is None


def check_noise_before_and_nul_behind():
    for line, _ in SHORT:
        for cut in (lambda data: [data], one_by_one):
            assert lines_from(cut(NOISE + line)) == [line]
            assert lines_from(cut(line + b"\0")) == [line]
            assert lines_from(cut(NOISE + line + b"\0" + NOISE + line)) == [line, line]


def check_what_follows_a_frame():
    """The begin of the next, another frame, or many."""
    for line, _ in SHORT:
        assert lines_from([line + b"~2001", line[5:]]) == [line, line[:1] + b"2001" + line[5:]]
        for other, _ in SHORT[:4]:
            assert lines_from([line + other]) == lines_from(one_by_one(line + other)) == [line, other]
    count = CHUNK // len(ANSWER)
    assert lines_from([ANSWER * count]) == [ANSWER] * count


def check_second_soi_starts_anew():
    """A reply that was cut off, and the one behind it."""
    for line, _ in SHORT:
        for end in range(len(line) - 1):
            assert lines_from([line[:end] + line]) == [line], end
            assert lines_from([line[:end], line]) == [line], end
    assert lines_from([b"~~~~", ANSWER]) == [ANSWER]


def check_lines_without_soi_are_skipped():
    assert lines_from([b"\r\r20014600\r", b"\n\r" + ANSWER + b"00\r"]) == [ANSWER]
    assert lines_from([b"\r" + ANSWER + b"\r" + ANSWER]) == [ANSWER, ANSWER]


def check_longest_line_and_one_more():
    longest = made(b"A" * 4095)
    assert len(longest) == frame.LONGEST
    assert lines_from([longest]) == lines_from(one_by_one(longest)) == [longest]
    assert lines_from(one_by_one(NOISE * 700 + longest)) == [longest]
    longer = longest[:-1] + b"A\r"
    for cut in (lambda data: [data], one_by_one):
        assert lines_from(cut(longer + ANSWER)) == [ANSWER]


def check_changed_frames_come_to_nothing():
    """Any byte in any place, SOI and EOI too: no line that comes out is a frame, and the next one is found."""
    for line, _ in SHORT[:6]:
        for at in range(len(line)):
            for other in b"~\r\0 0F\xff":
                if other != line[at]:
                    got = lines_from([line[:at] + bytes([other]) + line[at + 1 :], b"\0", ANALOG])
                    assert got[-1] == ANALOG, (at, other)
                    assert not [1 for one in got[:-1] if not refused(one)], (at, other)


def flood(garbage, take):
    """Feeds CHUNKS times `garbage`, then a frame; the frame is found, and no more was held than a line takes."""
    reader = frame.Reader()
    before = allocated()
    held = 0
    for number in range(CHUNKS):
        reader.feed(garbage)
        while take and reader.next() is not None:
            pass
        if number % 4 == 3:
            held = max(held, allocated() - before)
    assert held <= HELD_MAX, f"{held} bytes held"
    reader.feed(b"\r" + ANSWER)
    last = None
    for line in waiting(reader):
        last = line
    assert last == ANSWER


def check_garbage_is_not_kept():
    """Much noise, of lines that never end or never begin, of frames; in large and in small pieces: with and
    without next().
    """
    dice = Dice(7)
    calm = dice.bytes(CHUNK, b"0123456789ABCDEF\0 \n")
    for garbage in (dice.bytes(CHUNK), calm, b"~" + calm[1:], calm[1:] + b"~", b"~" * CHUNK):
        for take in (True, False):
            flood(garbage, take)
    for piece in (b"01234567", b"~1234567", b"1234567\r", b"\r" * 8, b"~\r" * 4):
        for take in (True, False):
            flood(piece * (PIECE // 8), take)
    flood(ANALOG * (CHUNK // len(ANALOG)), False)
