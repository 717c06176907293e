"""transport.Transport as a socket and as a module; test_session.py has it under umqtt.simple."""

from unittest import mock

import pytest
from mqtt_rig import ADDRESS, HUGE, SLACK_MS, WAIT_MS
from mqtt_rig import TransportRig as Rig

from firmware.mqtt.connect_errors import explain


@pytest.fixture
def rig():
    return Rig().connected()


@pytest.mark.parametrize(("pieces", "every_ms", "count", "gives", "within_ms"), [
    ([b"abcdef"], 0, 4, b"abcd", 0), ([b"a", b"b", b"c", b"d"], 100, 4, b"abcd", 310), ([], 0, 0, b"", 0),
    ([HUGE], 0, 257, HUGE[:257], 0), ([HUGE], 0, 258, HUGE[:257], 0), ([b"ab", b""], 0, 4, 104, 0),
    ([OSError(104)], 0, 4, 104, 0), ([b"abc"], 0, 4, 110, WAIT_MS), ([], 0, 4, 110, WAIT_MS),
    ([b"x" * 3_000] * 400, 50, 1 << 20, 110, WAIT_MS), ([b"a", b"b"], 4_990, 2, b"ab", 4_995),
])  # fmt: skip
def test_reads(rig, pieces, every_ms, count, gives, within_ms):
    rig.arrives(*pieces, every_ms=every_ms)
    result, ms = rig.took_ms(rig.transport.read, count)
    assert gives == (result.args[0] if isinstance(result, OSError) else result)
    assert ms == WAIT_MS if gives == 110 else ms <= within_ms + SLACK_MS


def test_all_reads_since_start_have_five_seconds_together(rig):
    rig.arrives(*[b"x"] * 20, every_ms=1_000)
    for _ in range(6):  # at 5 s the last is there already
        assert rig.transport.read(1) == b"x"
    assert rig.took_ms(rig.transport.read, 1)[0].args == (110,)
    rig.transport.start()
    assert rig.transport.read(1) == b"x"


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


@pytest.mark.parametrize(("calls", "expected", "sizes"), [
    # what is written one after the other, what comes out, sizes of the segments
    ([(b"ab",), (b"",), (b"cd",)], b"abcd", [4]), ([(bytearray(b"abcd"), 2)], b"ab", [2]),
    ([(b"ab",), (memoryview(HUGE)[:600],)], b"ab" + HUGE[:600], [2, 600]),
    ([(b"ab",), (HUGE[:254],)], b"ab" + HUGE[:254], [256]),
    ([(b"ab",), ([b"cd", b"", b"e"],)], b"abcde", [5]),  # in parts, as discovery.Config
    ([([HUGE[:300], HUGE[:300]],)], HUGE[:300] * 2, [300, 300]),
])  # fmt: skip
@pytest.mark.parametrize("room", [1 << 30, 1])
def test_writes(rig, calls, expected, sizes, room):
    rig.net.room = room
    for arguments in calls:
        rig.transport.write(*arguments)
    rig.transport.flush()
    assert b"".join(rig.line.sent) == expected
    assert room == 1 or [len(one) for one in rig.line.sent] == sizes


def test_the_name_is_resolved_once_until_it_is_stale(rig):
    for _ in range(3):
        assert rig.transport.getaddrinfo("host", 1883)[0][-1] == ADDRESS
    assert rig.net.asked == 1
    rig.transport.stale = True
    rig.net.fault = "no name", b"", ""
    assert rig.transport.getaddrinfo("host", 1883)[0][-1] == ADDRESS  # an old answer is better than none
    assert rig.net.asked == 2


def test_one_socket_at_a_time_and_none_after_close(rig):
    for _ in range(50):
        rig.connected().transport.write(b"\x30half a packet")
        assert rig.net.open_count() == 1
    for _ in range(2):
        assert rig.took_ms(rig.transport.close) == (None, 0)
    assert rig.net.open_count() == 0 and not any(one.sent for one in rig.net.sockets)
    for step, argument in ((rig.transport.read, 1), (rig.transport.write, bytes(257))):
        assert isinstance(rig.took_ms(step, argument)[0], OSError)
    assert Rig().transport.close() is None


@pytest.fixture
def tls():
    """Wraps a socket in what reads and writes, and cannot say goodbye."""

    def wrap(raw):
        assert raw.timeout, "the handshake would wait for ever, or not at all"
        wrapped.read, wrapped.write, wrapped.close.side_effect = raw.read, raw.write, OSError(-0x6900)
        return wrapped

    wrapped = mock.Mock(spec=("read", "write", "close"))
    return mock.Mock(wrap=mock.Mock(side_effect=wrap), wrapped=wrapped)


def test_tls(tls):
    rig = Rig(tls).connected()
    assert rig.line.timeout == 0 and rig.transport.stage == "mqtt"
    rig.arrives(b"ab", b"cd", every_ms=50)
    rig.transport.write(b"ask")
    assert rig.transport.read(4) == b"abcd" and rig.line.sent == [b"ask"]
    rig.transport.close()
    assert tls.wrapped.close.called and rig.line.closed


@pytest.mark.parametrize(("step", "stage"), [("set_clock", "clock"), ("wrap", "tls")])
def test_tls_that_fails_leaves_no_socket(tls, step, stage):
    getattr(tls, step).side_effect = OSError(1)
    rig = Rig(tls)
    with pytest.raises(OSError):
        rig.connected()
    assert rig.transport.stage == stage
    rig.transport.close()
    assert rig.net.open_count() == 0


@pytest.mark.parametrize(("stage", "error", "words"), [
    ("tls", OSError(12), "not enough memory for TLS"),
    ("tls", OSError(-17040, "MBEDTLS_ERR_RSA_PUBLIC_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED"), "not enough memory"),
    ("tls", ValueError("\nThe certificate is not signed by the trusted CA\n"), "TLS: The certificate is not signed by"),
    ("tls", OSError(-30592, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"), "does it allow TLS 1.2"),
    ("clock", OSError(12), "no time from ntp_host"), ("socket", OSError(12), "too many connections are open"),
])  # fmt: skip
def test_what_tls_says_in_the_owners_words(stage, error, words):
    assert words in explain(error, stage, (b"id", "broker.lan", 8883))
