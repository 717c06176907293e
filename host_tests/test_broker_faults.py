"""The whole firmware while its broker fails, in every way: polling goes on, the trouble is told, and it comes back."""

import pytest
from fake_broker import FakeBroker
from fake_peer import CONNECT, DISCONNECT, PINGREQ, PUBLISH
from outage import SPEED, STARTS_S, Trial, now, readings

BACK_S = 60
CLOSED, LATE, NO_MQTT = "the broker closed the connection", "no answer in time", "not an MQTT broker's answer"
FAULTS = (
    ("closes at once", "later", CLOSED),
    ("another server, which speaks first", "1.3.4", NO_MQTT),
    ("answers nothing to CONNECT", "later", LATE),
    ("wrong password", "1.3.4", "the broker does not let us in: are mqtt_user and mqtt_pass right?"),
    ("garbage instead of CONNACK", "later", NO_MQTT),
    ("closes after CONNACK", "1.3.4", CLOSED),
    ("answers nothing to SUBSCRIBE", "later", LATE),
    ("closes after SUBACK", "1.3.4", CLOSED),
    ("garbage", "later", "broker"),  # what it looks like
    ("half a packet", "1.3.4", LATE),
    ("a length without end", "later", NO_MQTT),
    ("a huge PUBLISH, then silence", "1.3.4", LATE),
)
pytestmark = pytest.mark.slow


@pytest.fixture
def broker():
    with FakeBroker() as broker:
        yield broker
    assert not broker.wrong


@pytest.fixture
def trial(board, tmp_path, broker):
    """trial(**arguments of Trial) -> a Trial at this broker, switched off."""
    made = []

    def make(**arguments):
        made.append(Trial(board, tmp_path, broker, **arguments))
        return made[-1]

    yield make
    for one in made:
        one.__exit__()


def wait_online(broker, after=0, timeout_s=BACK_S):
    """-> number of the connection on which Online came; it is a connection behind number `after`."""
    _, number, online = broker.wait_packet(PUBLISH, b"tele/LWT", b"Online", after, timeout_s)
    assert online.retain
    return number


def check_the_end(trial, broker, heal):
    """The readings of the outage never come, the others do; nothing was started anew."""
    trial.mark(102, count=2)
    ended, after = now(), broker.connections
    heal()
    number = wait_online(broker, after)
    broker.wait_packet(PUBLISH, b"readings/Pack1", after=number - 1)
    assert {reading["CycleCount"] for when, _, reading in readings(broker) if when > ended} == {102}
    trial.check_log()


@pytest.mark.parametrize(("fault", "which", "words"), FAULTS, ids=[row[0] for row in FAULTS])
def test_fault(trial, broker, fault, which, words):
    broker.fault = fault
    one = trial(which=which)
    one.sim.set(1, cycles=101)
    one.board.start().wait_for(words, STARTS_S)
    check_the_end(one, broker, lambda: setattr(broker, "fault", None))


WAYS = (
    ("refuse", "nothing listens there: is the broker running, is mqtt_port right?"),
    ("play_dead", LATE),
)


@pytest.mark.parametrize(("way", "words"), WAYS)
def test_no_way(trial, broker, way, words):
    getattr(broker, way)()
    one = trial()
    one.sim.set(1, cycles=101)
    one.board.start().wait_for(words, STARTS_S)
    check_the_end(one, broker, broker.listen)


def test_no_such_name(trial):
    one = trial(mqtt_host="no-such-name.invalid")
    one.board.start().wait_for("the DNS does not know that name, or does not answer", STARTS_S)
    one.mark(102)
    one.check_log()


@pytest.mark.parametrize(("name", "which"), [("a huge PUBLISH", "later"), ("a flood", "1.3.4")])
def test_what_a_broker_may_do(trial, broker, name, which):
    broker.fault = name
    one = trial(which=which)
    one.board.start()
    number = wait_online(broker, timeout_s=STARTS_S)
    for _ in range(5):
        one.mark(one.sim.snapshot(1)["cycles"] + 1, count=2)
    broker.wait_packet(PINGREQ, after=number - 1)
    assert broker.connections == 1 and readings(broker)
    one.check_log(most=0)


@pytest.mark.parametrize("which", ["1.3.4", "later"])
def test_a_connection_that_falls_silent(trial, broker, which):
    broker.fault = "answers no PINGREQ"
    one = trial(which=which)
    one.board.start().wait_for("broker lost: silent for a minute", STARTS_S)
    check_the_end(one, broker, lambda: setattr(broker, "fault", None))


def test_energy_counts_while_the_broker_is_away(trial, broker):
    """Each try of it waits 5 s; a cycle of 3 s may be late by that."""
    one = trial(publish_rate=3)
    one.sim.set(1, current=100_000)
    one.board.start()
    first = broker.wait_packet(PUBLISH, b"readings/Pack1", timeout_s=STARTS_S)
    broker.fault = "answers nothing to CONNECT"
    broker.hang_up()
    one.board.wait_for(LATE, STARTS_S)
    broker.wait_for(lambda heard, ended: broker.connections >= 2)
    broker.fault, after = None, broker.connections
    number = wait_online(broker, after)
    broker.wait_packet(PUBLISH, b"readings/Pack1", after=number - 1)
    (began, _, before), (ended, _, later) = readings(broker)[0], readings(broker)[-1]
    hours = (ended - began) * SPEED / 3600
    expected = before["Power"] / 1000 * hours
    assert first[0] == began and expected > 0.008
    assert later["ChargedEnergy"] - before["ChargedEnergy"] == pytest.approx(expected, rel=0.25, abs=0.002)


def test_the_end_is_said_once_and_in_order(trial, broker):
    one = trial(which="later")
    one.board.start()
    broker.wait_packet(PUBLISH, b"readings/Pack1", timeout_s=STARTS_S)
    (_, _, connect), *_ = broker.heard
    assert connect.kind == CONNECT and connect.topic.endswith(b"tele/LWT") and connect.retain
    assert (connect.payload, connect.keepalive) == (b"Offline", 60)
    assert one.board.stop() == 0
    broker.wait_for(lambda heard, ended: ended)
    packets = [packet for _, _, packet in broker.heard]
    assert packets[-1].kind == DISCONNECT
    assert (packets[-2].payload, packets[-2].retain) == (b"Offline", True)
    assert [p.payload for p in packets if (p.topic or b"").endswith(b"tele/LWT") and p.kind == PUBLISH] == [
        b"Online", b"Offline"]  # fmt: skip
