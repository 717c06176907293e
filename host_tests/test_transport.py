"""transport.Transport: each read and write ends in time; nothing that comes in is too big."""

import pytest
from mqtt_rig import HUGE, SLACK_MS, WAIT_MS
from mqtt_rig import TransportRig as Rig


@pytest.fixture
def rig():
    return Rig().connected()


READS = (
    # name, pieces, ms between them, bytes asked for, what read() gives, how long it may take
    ("whole", [b"abcd"], 0, 4, b"abcd", 0),
    ("more is there", [b"abcdef"], 0, 4, b"abcd", 0),
    ("in cuts", [b"a", b"b", b"c", b"d"], 100, 4, b"abcd", 310),
    ("nothing asked for", [], 0, 0, b"", 0),
    ("256 bytes", [HUGE], 0, 256, HUGE[:256], 0),
    ("257 bytes", [HUGE], 0, 257, HUGE[:257], 0),
    ("258 bytes", [HUGE], 0, 258, HUGE[:257], 0),
    ("a megabyte", [HUGE], 0, 1 << 20, HUGE[:257], 0),
    ("closed", [b""], 0, 4, 104, 0),
    ("closed in the middle", [b"ab", b""], 0, 4, 104, 0),
    ("reset", [OSError(104)], 0, 4, 104, 0),
    ("silent", [], 0, 4, 110, WAIT_MS),
    ("silent in the middle", [b"abc"], 0, 4, 110, WAIT_MS),
    ("dribbled", [b"x"] * 300, 1_000, 300, 110, WAIT_MS),
    ("a megabyte, dribbled", [b"x" * 3_000] * 400, 50, 1 << 20, 110, WAIT_MS),
    ("just in time", [b"a", b"b"], 4_990, 2, b"ab", 4_995),
)


@pytest.mark.parametrize(("name", "pieces", "every_ms", "count", "gives", "within_ms"), READS,
                         ids=[row[0] for row in READS])  # fmt: skip
def test_reads(rig, name, pieces, every_ms, count, gives, within_ms):
    rig.arrives(*pieces, every_ms=every_ms)
    result, ms = rig.took_ms(rig.transport.read, count)
    assert gives == (result.args[0] if isinstance(result, OSError) else result)
    assert ms <= within_ms + SLACK_MS


def test_a_stream_without_end_that_never_pauses(rig):
    def always(count):
        rig.clock.advance(1)
        return bytes(count)

    rig.line.read = always
    error, ms = rig.took_ms(rig.transport.read, 1 << 28)
    assert error.args == (110,) and ms <= WAIT_MS + SLACK_MS


def test_what_follows_a_huge_payload_is_read_in_its_place(rig):
    rig.arrives(HUGE + b"next")
    rig.transport.read(len(HUGE))
    assert rig.transport.read(4) == b"next"


def test_all_reads_since_start_have_five_seconds_together(rig):
    rig.arrives(*[b"x"] * 20, every_ms=1_000)
    for _ in range(5):
        assert rig.transport.read(1) == b"x"
    assert rig.transport.read(1) == b"x"  # at 5 s it is there already
    assert rig.took_ms(rig.transport.read, 1)[0].args == (110,)
    rig.transport.start()
    assert rig.transport.read(1) == b"x"


def test_when_not_blocking_nothing_is_none_but_a_packet_that_has_begun_is_waited_for(rig):
    rig.transport.setblocking(False)
    assert rig.took_ms(rig.transport.read, 1) == (None, 0)
    rig.arrives(b"a", b"b", every_ms=200)
    assert rig.took_ms(rig.transport.read, 2) == (b"ab", 200)


def test_waiting_is_sleeping(rig):
    rig.took_ms(rig.transport.read, 1)
    assert rig.clock.sleeps <= WAIT_MS // 5 + 1


def test_lengths_that_no_packet_has(rig):
    assert isinstance(rig.took_ms(rig.transport.read, -1)[0], ValueError)
    rig.arrives(b"\x80" * 9)
    rig.transport.setblocking(True)
    results = [rig.took_ms(rig.transport.read, 1)[0] for _ in range(4)]
    assert results[:3] == [b"\x80"] * 3 and isinstance(results[3], ValueError)


def test_what_was_heard_and_when(rig):
    rig.transport.heard = False
    rig.clock.advance(100)
    rig.transport.setblocking(False)
    rig.transport.read(1)
    assert not rig.transport.heard and rig.clock.ticks_diff(rig.clock.ticks_ms(), rig.transport.heard_at) == 100
    rig.arrives(b"x")
    rig.transport.read(1)
    assert rig.transport.heard and rig.transport.heard_at == rig.clock.ticks_ms()


class Parts:
    """A payload in parts, as discovery.Config."""

    def __init__(self, *parts):
        self._parts = parts

    def __len__(self):
        return sum(map(len, self._parts))

    def __iter__(self):
        return iter(self._parts)


WRITES = (
    # name, what is written one after the other, sizes of the segments
    ("small ones are collected", [(b"ab",), (b"cd",)], [4]),
    ("a part of a buffer", [(bytearray(b"abcd"), 2)], [2]),
    ("large ones go out at once", [(b"ab",), (memoryview(HUGE)[:600],)], [2, 600]),
    ("exactly full", [(HUGE[:256],)], [256]),
    ("parts", [(b"ab",), (Parts(b"cd", b"", b"e"),)], [5]),
    ("long parts", [(Parts(HUGE[:300], HUGE[:300]),)], [300, 300]),
    ("nothing", [(b"",)], []),
)


@pytest.mark.parametrize(("name", "calls", "sizes"), WRITES, ids=[row[0] for row in WRITES])
@pytest.mark.parametrize("room", [1 << 30, 100, 1])
def test_writes(rig, name, calls, sizes, room):
    rig.net.room = room
    for arguments in calls:
        rig.transport.write(*arguments)
    rig.transport.flush()
    expected = b"".join(b"".join(data) if isinstance(data, Parts) else bytes(data[: (count or [len(data)])[0]])
                        for data, *count in calls)  # fmt: skip
    assert b"".join(rig.line.sent) == expected
    if room > 256:
        assert [len(one) for one in rig.line.sent] == sizes


def test_a_question_goes_out_before_its_answer_is_awaited(rig):
    rig.transport.write(b"ask")
    rig.arrives(b"answer")
    assert rig.transport.read(6) == b"answer" and rig.line.sent == [b"ask"]


def test_a_peer_that_takes_nothing(rig):
    rig.net.room = 0
    rig.transport.write(b"x" * 100)
    error, ms = rig.took_ms(rig.transport.flush)
    assert error.args == (110,) and ms <= WAIT_MS + SLACK_MS


def test_a_peer_that_takes_little_has_five_seconds_for_all(rig):
    def every_half_second(view):
        slot = rig.clock.passed_ms // 500
        return slots.append(slot) or write(view[:40]) if slot not in slots else None

    slots, write = [], rig.line.write
    rig.line.write = every_half_second
    error, ms = rig.took_ms(rig.transport.write, HUGE[:4096])
    assert error.args == (110,) and ms <= WAIT_MS + SLACK_MS
    assert len(rig.line.sent) >= 10
