"""transport.Transport as a socket and as a module: each wait ends in time, nothing that comes in is too big."""

import pytest
from fake_net import PINGRESP, UMQTT, publish
from mqtt_rig import ADDRESS, HUGE, SLACK_MS, WAIT_MS
from mqtt_rig import TransportRig as Rig


@pytest.fixture
def rig():
    return Rig().connected()


READS = {
    # pieces, ms between them, bytes asked for, what read() gives, how long it takes at most
    "more is there": ([b"abcdef"], 0, 4, b"abcd", 0),
    "in cuts": ([b"a", b"b", b"c", b"d"], 100, 4, b"abcd", 310),
    "nothing asked for": ([], 0, 0, b"", 0),
    "257 bytes": ([HUGE], 0, 257, HUGE[:257], 0),
    "258 bytes": ([HUGE], 0, 258, HUGE[:257], 0),
    "closed in the middle": ([b"ab", b""], 0, 4, 104, 0),
    "reset": ([OSError(104)], 0, 4, 104, 0),
    "silent in the middle": ([b"abc"], 0, 4, 110, WAIT_MS),
    "dribbled": ([b"x"] * 300, 1_000, 300, 110, WAIT_MS),
    "a megabyte, dribbled": ([b"x" * 3_000] * 400, 50, 1 << 20, 110, WAIT_MS),
    "just in time": ([b"a", b"b"], 4_990, 2, b"ab", 4_995),
}


@pytest.mark.parametrize(("pieces", "every_ms", "count", "gives", "within_ms"), READS.values(), ids=READS)
def test_reads(rig, pieces, every_ms, count, gives, within_ms):
    rig.arrives(*pieces, every_ms=every_ms)
    result, ms = rig.took_ms(rig.transport.read, count)
    assert gives == (result.args[0] if isinstance(result, OSError) else result)
    assert ms <= within_ms + SLACK_MS


def test_five_seconds_of_silence_and_no_longer(rig):
    error, ms = rig.took_ms(rig.transport.read, 4)
    assert error.args == (110,) and ms == WAIT_MS and rig.clock.sleeps <= WAIT_MS // 5  # it does not spin


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


class Parts:
    """A payload in parts, as discovery.Config."""

    def __init__(self, *parts):
        self._parts = parts

    def __len__(self):
        return sum(map(len, self._parts))

    def __iter__(self):
        return iter(self._parts)


WRITES = (
    # what is written one after the other, what comes out, sizes of the segments
    ([(b"ab",), (b"",), (b"cd",)], b"abcd", [4]),
    ([(bytearray(b"abcd"), 2)], b"ab", [2]),
    ([(b"ab",), (memoryview(HUGE)[:600],)], b"ab" + HUGE[:600], [2, 600]),
    ([(b"ab",), (HUGE[:254],)], b"ab" + HUGE[:254], [256]),
    ([(b"ab",), (Parts(b"cd", b"", b"e"),)], b"abcde", [5]),
    ([(Parts(HUGE[:300], HUGE[:300]),)], HUGE[:300] * 2, [300, 300]),
)


@pytest.mark.parametrize(("calls", "expected", "sizes"), WRITES)
@pytest.mark.parametrize("room", [1 << 30, 100, 1])
def test_writes(rig, calls, expected, sizes, room):
    rig.net.room = room
    for arguments in calls:
        rig.transport.write(*arguments)
    rig.transport.flush()
    assert b"".join(rig.line.sent) == expected
    assert room < 256 or [len(one) for one in rig.line.sent] == sizes


# -- as a module: names, connections, TLS -----------------------------------------------------------------------------


def test_the_name_is_resolved_once_until_it_is_stale(rig):
    for _ in range(3):
        assert rig.transport.getaddrinfo("host", 1883)[0][-1] == ADDRESS
    assert rig.net.asked == 1
    rig.transport.resolve_again()
    rig.net.name_known = False
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


class Tls:
    """Wraps a socket in itself, which reads, writes and closes, and nothing else; `errors` by the name of the step."""

    def __init__(self, **errors):
        self.errors = errors
        self.closed = False

    def set_clock(self):
        self._step("clock")

    def wrap(self, raw):
        assert raw.timeout, "the handshake would wait for ever, or not at all"
        self._step("tls")
        self.read, self.write = raw.read, raw.write
        return self

    def close(self):
        self.closed = True
        raise OSError(-0x6900)  # it cannot say goodbye

    def _step(self, name):
        if name in self.errors:
            raise self.errors[name]


def test_tls():
    tls = Tls()
    rig = Rig(tls).connected()
    assert rig.line.timeout == 0 and rig.transport.stage == "mqtt"
    rig.arrives(b"ab", b"cd", every_ms=50)
    rig.transport.write(b"ask")
    assert rig.transport.read(4) == b"abcd" and rig.line.sent == [b"ask"]
    rig.transport.close()
    assert tls.closed and rig.line.closed


@pytest.mark.parametrize("stage", ["clock", "tls"])
def test_tls_that_fails_leaves_no_socket(stage):
    rig = Rig(Tls(**{stage: OSError(1)}))
    with pytest.raises(OSError):
        rig.connected()
    assert rig.transport.stage == stage
    rig.transport.close()
    assert rig.net.open_count() == 0


# -- under umqtt.simple: packets, and the goodbye; what breaks is in test_session.py ----------------------------------


@pytest.fixture(params=UMQTT)
def client(request):
    """A client that is connected to a good broker."""
    rig = Rig()
    made = rig.client(request.param)
    made.rig = rig
    made.connect()
    return made


TWO_MB = HUGE * 2 + HUGE[:9]  # its length takes four bytes, the last of them odd
PACKETS = {
    "a retained one": (publish(b"t/a", b"x", retain=True), [(b"t/a", b"x", 1)]),
    "an empty one": (publish(b"t", b""), [(b"t", b"", 0)]),
    "QoS 1": (publish(b"t", b"x", qos=1), [(b"t", b"x", 0)]),
    "one after PINGRESP": (PINGRESP + publish(b"t", b"x", retain=True), [(b"t", b"x", 1)]),
    "256 bytes": (publish(b"t", HUGE[:256]), [(b"t", HUGE[:256], 0)]),
    "a huge one and another": (publish(b"t", TWO_MB) + publish(b"t", b"x"), [(b"t", HUGE[:257], 0), (b"t", b"x", 0)]),
}


@pytest.mark.parametrize(("data", "told"), PACKETS.values(), ids=PACKETS)
def test_packets(client, data, told):
    client.rig.arrives(data)
    for _ in range(3):
        client.rig.transport.start()
        client.check_msg()
    assert client.told == told


def test_a_suback_comes_behind_old_messages_or_never(client):
    rig = client.rig
    rig.arrives(publish(b"t/a", b"old", retain=True))
    client.subscribe(b"t/#")
    assert client.told == [(b"t/a", b"old", 1)]
    rig.line.silent = True
    rig.arrives(*[publish(b"t", b"x")] * 300, every_ms=20)
    rig.transport.start()
    error, ms = rig.took_ms(client.subscribe, b"t/#")
    assert error.args == (110,) and ms <= WAIT_MS + SLACK_MS


@pytest.mark.parametrize(("state", "least_ms", "most_ms", "said"), [
    ({"incoming": [(0, PINGRESP * 2)]}, 0, 20, True),  # closing now would throw away what goes out
    ({"silent": True}, 1_000, WAIT_MS + SLACK_MS, True), ({"hung_up": True}, 0, 0, False),
])  # fmt: skip
def test_goodbye_is_said_where_somebody_hears_it(client, state, least_ms, most_ms, said):
    vars(client.rig.line).update(state)
    result, ms = client.rig.took_ms(client.disconnect)
    assert result is None and least_ms <= ms <= most_ms and client.rig.line.closed
    assert (client.rig.line.sent[-1:] == [b"\xe0\0"]) is said
