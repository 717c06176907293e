"""transport.Transport as a module and as a socket: names, connections, closing, TLS."""

import pytest
from fake_socket import DEAD, REFUSES
from transport_rig import ADDRESS, WAIT_MS, Rig


@pytest.fixture
def rig():
    return Rig()


def test_what_umqtt_does_to_timeouts_does_not_reach_the_socket(rig):
    rig.connected()
    for change in (rig.transport.settimeout, rig.transport.setblocking):
        for value in (None, True, False, 9):
            change(value)
            assert rig.line.timeout == 0


def test_connecting_is_bounded(rig):
    rig.net.way = DEAD
    rig.transport.socket()
    error, ms = rig.took_ms(rig.transport.connect, ADDRESS)
    assert error.args == (116,) and ms <= WAIT_MS and rig.transport.stage == "connect"
    rig.net.way = REFUSES
    rig.transport.socket()
    assert rig.took_ms(rig.transport.connect, ADDRESS)[0].args == (111,)


def test_the_name_is_resolved_once_until_it_is_stale(rig):
    for _ in range(3):
        assert rig.transport.getaddrinfo("host", 1883)[0][-1] == ADDRESS
    assert rig.net.asked == 1
    rig.transport.resolve_again()
    rig.net.name_known = False
    assert rig.transport.getaddrinfo("host", 1883)[0][-1] == ADDRESS  # an old answer is better than none
    assert rig.net.asked == 2


def test_a_name_that_is_unknown_is_asked_for_each_time(rig):
    rig.net.name_known = False
    for _ in range(2):
        with pytest.raises(OSError, match="-202"):
            rig.transport.getaddrinfo("host", 1883)
    rig.net.name_known = True
    assert rig.transport.getaddrinfo("host", 1883) and rig.net.asked == 3 and rig.transport.stage == "resolve"


def test_a_new_socket_closes_the_old_one(rig):
    for _ in range(50):
        rig.connected().transport.write(b"\x30half a packet")
        assert rig.net.open_count() == 1
    rig.transport.close()
    assert rig.net.open_count() == 0 and not any(one.sent for one in rig.net.sockets)


def test_close_whatever_the_state(rig):
    rig.connected().transport.write(b"\x30half a packet")
    for _ in range(2):
        assert rig.took_ms(rig.transport.close) == (None, 0)
    assert rig.line.closed and not rig.line.sent
    for step, argument in ((rig.transport.read, 1), (rig.transport.write, bytes(257))):
        assert isinstance(rig.took_ms(step, argument)[0], OSError)


def test_close_before_anything(rig):
    assert rig.transport.close() is None


# -- TLS --------------------------------------------------------------------------------------------------------------


class Wrapped:
    """A TLS stream: read, write, close, and nothing else."""

    def __init__(self, raw):
        self._raw = raw
        self.closed = False

    def read(self, count):
        return self._raw.read(count)

    def write(self, view):
        return self._raw.write(view)

    def close(self):
        self.closed = True
        raise OSError(-0x6900)  # it cannot say goodbye


class Tls:
    def __init__(self):
        self.wrapped = []
        self.clock_error = self.error = None

    def set_clock(self):
        if self.clock_error:
            raise self.clock_error

    def wrap(self, raw):
        assert raw.timeout, "the handshake would wait for ever, or not at all"
        if self.error:
            raise self.error
        self.wrapped.append(Wrapped(raw))
        return self.wrapped[-1]


def test_tls():
    tls = Tls()
    rig = Rig(tls)
    raw = rig.connected().line
    assert raw.timeout == 0 and rig.transport.stage == "mqtt"
    rig.arrives(b"ab", b"cd", every_ms=50)
    rig.transport.write(b"ask")
    assert rig.transport.read(4) == b"abcd" and raw.sent == [b"ask"]
    rig.transport.close()
    assert tls.wrapped[0].closed and raw.closed


@pytest.mark.parametrize(("what", "stage"), [("clock_error", "clock"), ("error", "tls")])
def test_tls_that_fails_leaves_no_socket(what, stage):
    tls = Tls()
    rig = Rig(tls)
    setattr(tls, what, OSError(1))
    with pytest.raises(OSError):
        rig.transport.socket()
        rig.transport.connect(ADDRESS)
    assert rig.transport.stage == stage
    rig.transport.close()
    assert rig.net.open_count() == 0
