"""A real broker that stops, freezes, forgets or refuses; and connections that leave no socket behind."""

import shutil
import subprocess

import pytest
from fake_broker import FakeBroker
from mqtt_helpers import Recorder, mosquitto
from outage import BACK_S, SECRET, STARTS_S


def is_lwt(payload):
    return lambda message: message.topic.endswith("tele/LWT") and message.payload == payload


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


def test_offline_is_said_once_and_the_last_will_not_at_all(trial, broker):
    one = trial(broker)
    with Recorder(broker.host, broker.port) as recorder:
        one.start()
        recorder.wait_topic("stat/readings/Pack1", STARTS_S)
        assert retained(broker, "tele/LWT") == b"Online"
        assert one.board.stop() == 0
        recorder.wait_for(is_lwt(b"Offline"))
        recorder.publish("after/that", b"x")
        recorder.wait_topic("after/that")
        assert len([m for m in recorder.messages if is_lwt(b"Offline")(m)]) == 1
    assert retained(broker, "tele/LWT") == b"Offline"


TRIES = 15  # a board has ten sockets
RECONNECT = """
import network, socket, time
import umqtt.simple
from firmware.log import Log
from firmware.mqtt.transport import Transport
from firmware.mqtt.session import Session

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("any", "")
while not wlan.isconnected():
    time.sleep_ms(5)

class Fast:  # a minute takes 600 ms
    sleep_ms, ticks_add, ticks_diff = time.sleep_ms, time.ticks_add, time.ticks_diff
    ticks_ms = staticmethod(lambda: time.ticks_us() // 10)

class Client(umqtt.simple.MQTTClient):
    tries = 0
    def __init__(self, *arguments):
        Client.tries += 1
        super().__init__(*arguments)

transport = Transport(socket, Fast)
umqtt.simple.socket = transport
arguments = (b"id", "127.0.0.1", {port}, None, b"", 60)
session = Session(Client, arguments, umqtt.simple.MQTTException, transport, Fast, Log(),
                  lambda n: 0, b"lwt", (b"cmnd/#",))
session.on_connect = lambda: None
while Client.tries < {tries}:
    session.tend()
print("tried", session.drops, socket._open_count)
session.close()
print("left", socket._open_count)
"""


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["closes after SUBACK", "half a packet, then closes"])
def test_connections_leave_no_socket_behind(board, fault):
    with FakeBroker() as broker:
        broker.fault = fault
        one = board({}, files={"main.py": RECONNECT.format(port=broker.port, tries=TRIES)}, heap="200k")
        assert one.wait(60) == 0 and broker.connections >= TRIES
    assert one.lines[-1] == "left 0" and one.lines[-2].startswith("tried ")
