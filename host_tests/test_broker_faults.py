"""The whole firmware while its broker fails, in every way: polling goes on, the trouble is told, and it comes back."""

import pytest
from fake_broker import FakeBroker
from fake_peer import PINGREQ, PUBLISH
from outage import BACK_S, SPEED, STARTS_S, now, readings

CLOSED, LATE, NO_MQTT = "the broker closed the connection", "no answer in time", "not an MQTT broker's answer"
# How each fault looks to the session is in test_session.py; here is what a whole board makes of some.
FAULTS = (
    ("closes at once", "later", CLOSED),
    ("another server, which speaks first", "1.3.4", NO_MQTT),
    ("answers nothing to CONNECT", "later", LATE),
    ("answers nothing to SUBSCRIBE", "later", LATE),
    ("closes after SUBACK", "1.3.4", CLOSED),
    ("garbage", "later", "broker"),  # what it looks like
    ("half a packet", "1.3.4", LATE),
    ("answers no PINGREQ", "later", "broker lost: silent for a minute"),
)
pytestmark = pytest.mark.slow


@pytest.fixture
def broker():
    with FakeBroker() as broker:
        yield broker
    assert not broker.wrong


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
    one = trial(broker, which=which)
    one.sim.set(1, cycles=101)
    one.start().wait_for(words, STARTS_S)
    check_the_end(one, broker, lambda: setattr(broker, "fault", None))


@pytest.mark.parametrize(("way", "words"), [
    ("refuse", "nothing listens there: is the broker running, is mqtt_port right?"), ("play_dead", LATE),
])  # fmt: skip
def test_no_way(trial, broker, way, words):
    getattr(broker, way)()
    one = trial(broker)
    one.sim.set(1, cycles=101)
    one.start().wait_for(words, STARTS_S)
    check_the_end(one, broker, broker.listen)


@pytest.mark.parametrize(("name", "which"), [("a huge PUBLISH", "later"), ("a flood", "1.3.4")])
def test_what_a_broker_may_do(trial, broker, name, which):
    broker.fault = name
    one = trial(broker, which=which)
    one.start()
    number = wait_online(broker, timeout_s=STARTS_S)
    for _ in range(5):
        one.mark(one.sim.snapshot(1)["cycles"] + 1, count=2)
    broker.wait_packet(PINGREQ, after=number - 1)
    assert broker.connections == 1 and readings(broker)
    one.check_log(most=0)


def test_energy_counts_while_the_broker_is_away(trial, broker):
    """Each try of it waits 5 s; a cycle of 3 s may be late by that."""
    one = trial(broker, publish_rate=3)
    one.sim.set(1, current=100_000)
    one.start()
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
