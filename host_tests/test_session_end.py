"""session.Session at its end: Offline and a goodbye where there is somebody to hear them, and never within a packet."""

import pytest
from fake_peer import CONNECT, DISCONNECT
from fake_socket import REFUSES, UMQTT
from session_rig import LWT, Rig

ONLINE, OFFLINE = (LWT, b"Online", True), (LWT, b"Offline", True)


@pytest.fixture(params=UMQTT)
def rig(request):
    """With a connection that stands."""
    rig = Rig(request.param)
    rig.drive(1)
    assert rig.session.connected
    return rig


class Breaks:
    """A payload that ends in the middle."""

    def __init__(self, error):
        self._error = error

    def __len__(self):
        return 1000

    def __iter__(self):
        yield b"{" + b"x" * 700
        raise self._error


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError])
def test_after_half_a_packet_nothing_more_is_said(rig, error):
    """Offline would be taken for the rest of the payload; so the last will has to say it."""
    try:
        rig.session.publish(b"t", Breaks(error))
    except (KeyboardInterrupt, MemoryError):
        rig.session.close()
    line = rig.net.sockets[0]
    sent = b"".join(line.sent)
    assert line.closed and b"Offline" not in sent.partition(b"Online")[2] and not sent.endswith(b"\xe0\0")
    assert rig.heard() == [ONLINE]


def test_offline_and_goodbye_once(rig):
    for _ in range(2):
        rig.session.close()
    assert rig.heard() == [ONLINE, OFFLINE] and len(rig.heard(DISCONNECT)) == 1
    assert rig.net.packets()[-1][1].kind == DISCONNECT and rig.net.open_count() == 0
    assert not rig.session.publish(b"t", b"x") and not rig.warnings()


def test_close_without_a_connection():
    rig = Rig()
    rig.session.close()
    rig.net.way = REFUSES
    rig.drive(5)
    rig.session.close()
    assert rig.net.open_count() == 0 and not rig.heard(CONNECT)


@pytest.mark.parametrize("gone", ["closed", "silent"])
def test_close_when_the_broker_has_gone(rig, gone):
    setattr(rig.net.sockets[0].peer, gone, True)
    began = rig.clock.passed_ms
    rig.session.close()
    assert rig.clock.passed_ms - began <= 10_000 and rig.net.open_count() == 0
