"""A real broker that stops, freezes, forgets or refuses."""

import shutil
import subprocess

import pytest
from mqtt_helpers import Recorder, mosquitto
from outage import BACK_S, SECRET, STARTS_S


def retained(broker, topic):
    """-> what a newcomer gets to hear there."""
    with Recorder(broker.host, broker.port) as newcomer:
        found = newcomer.wait_topic(topic)
    assert found.retain
    return found.payload


@pytest.mark.slow
def test_a_broker_that_forgets_in_a_restart(trial, broker):
    one = trial(broker)
    with Recorder(broker.host, broker.port) as recorder:
        one.start()
        recorder.wait_topic("stat/info/Pack1", STARTS_S)
    broker.restart()
    with Recorder(broker.host, broker.port) as recorder:
        recorder.wait_topic("stat/limits/Pack1", BACK_S)
        recorder.wait_topic("stat/readings/Pack1")
    assert retained(broker, "tele/LWT") == b"Online" and retained(broker, "stat/info/Pack1")
    one.check_log()


@pytest.mark.slow
def test_a_broker_that_freezes(trial, broker):
    """The battery is read on; afterwards the last will was wrong for long."""
    one = trial(broker)
    with Recorder(broker.host, broker.port) as recorder:
        one.start()
        recorder.wait_topic("stat/readings/Pack1", STARTS_S)
        broker.sigstop()
        one.board.wait_for("broker lost: silent for a minute", STARTS_S)
        one.mark(102, count=2)
        broker.sigcont()
        recorder.wait_for(lambda m: m.topic.endswith("readings/Pack1") and b'"CycleCount":102' in m.payload, BACK_S)
    assert retained(broker, "tele/LWT") == b"Online"
    one.check_log()


@pytest.mark.slow
@pytest.mark.skipif(not (mosquitto() and shutil.which("mosquitto_passwd")), reason="mosquitto is not installed")
def test_a_wrong_password_until_it_is_right(trial, broker_factory, tmp_path):
    passwords = tmp_path / "passwords"

    def allow(password):
        command = ["mosquitto_passwd", "-b", "-c", passwords, "owner", password]
        subprocess.run(command, check=True, capture_output=True)
        passwords.chmod(0o644)

    allow("another")
    tmp_path.chmod(0o755)
    broker = broker_factory(f"allow_anonymous false\npassword_file {passwords}")
    one = trial(broker)
    one.start().wait_for("the broker does not let us in: are mqtt_user and mqtt_pass right?", STARTS_S)
    allow(SECRET)
    broker.restart()
    with Recorder(broker.host, broker.port, "owner", SECRET) as recorder:
        recorder.wait_topic("stat/readings/Pack1", BACK_S)
    one.check_log()
    assert not [line for line in broker.log if SECRET in line]
