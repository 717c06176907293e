"""The whole firmware while its broker is away: it reads on, tells the trouble, comes back, and publishes the truth."""

import shutil
import signal
import subprocess
import threading

import pytest
from mqtt_helpers import DeadEnd, Recorder, mosquitto
from system_helpers import START_S, Way, now, parsed

pytestmark = pytest.mark.slow
SECRET = "s3cret-marker"
BACK_S = 60
SPEED = 10  # of board and battery; sockets keep the PC's time


class Trial(Way):
    """One pack that is charged with 5 kW, and a board that reads it."""

    def __init__(self, make, broker, recorder=None):
        self._read, self._cycles = threading.Semaphore(0), None
        settings = {"publish_rate": 3, "mqtt_user": "owner", "mqtt_pass": SECRET, "discovery": True}
        super().__init__(make, broker, recorder, settings=settings, speed=SPEED, packs=1, on_truth=self._note)
        self.sim.set(1, cycles=101, current=100_000, remaining=10_000)

    def _note(self, record):
        if record.kind == "analog" and record.values["cycles"] == self._cycles:
            self._read.release()

    def mark(self, cycles, count=2):
        """Lets the battery say this cycle count, and waits until it was read so often: polling goes on."""
        self._cycles = cycles
        self.sim.set(1, cycles=cycles)
        assert all(self._read.acquire(timeout=START_S) for _ in range(count))

    def check(self, since, cycles=102):
        """Readings come again, none of them old or wrong; no trouble is told too often, no secret at all."""
        self.wait("stat/readings/Rack", BACK_S, since, count=2)
        assert self.heard("tele/LWT", since)[-1].payload == b"Online"
        assert {said["CycleCount"] for said in self.said("stat/readings/Pack1", since)} == {cycles}
        assert self.judged().wrong == [] and self.wrong_details() == []
        lines = list(self.board.lines)
        assert all(lines.count(line) <= 2 for line in lines if line.startswith("warning: broker"))
        assert not [line for line in lines if SECRET in line] and self.board.resets == []


@pytest.mark.parametrize(("instead", "words"), [
    (None, "nothing listens there: is the broker running, is mqtt_port right?"),
    ({"takes": False}, "no answer in time"), ({}, "no answer in time (is it an MQTT port, with TLS or without?)"),
    ({"hangs_up": True}, "the broker closed the connection"),
])  # fmt: skip
def test_no_broker_from_the_start(board, broker, instead, words):
    broker.stop()
    other = instead is not None and DeadEnd(broker.port, **instead)
    with Trial(board, broker) as it:
        it.start().board.wait_for(words, START_S)
        it.mark(102)
        if other:
            other.close()
        broker.restart()
        with Recorder(broker.host, broker.port) as it.recorder:
            it.check(0)


def test_a_broker_that_goes_and_comes_back_without_its_memory(board, broker):
    """Energy goes on while it is away, and what was retained comes again."""
    with Trial(board, broker) as it:
        it.start()
        with Recorder(broker.host, broker.port) as it.recorder:
            it.wait("stat/limits/Pack1")
            first = it.wait("stat/readings/Pack1")
        broker.stop()
        it.board.wait_for("broker lost: the broker closed the connection", START_S)
        it.mark(102, count=4)
        healed = now()
        broker.restart()
        with Recorder(broker.host, broker.port) as it.recorder:
            it.check(healed)
            for topic in ("stat/info/Pack1", "stat/limits/Pack1", "stat/parameters", "stat/status"):
                it.wait(topic, BACK_S)
            last = it.heard("stat/readings/Pack1")[-1]
        before, after = parsed(first.payload), parsed(last.payload)
        counted = float(after["ChargedEnergy"] - before["ChargedEnergy"])
        expected = float(before["Power"]) / 1000 * (last.time - first.time) * SPEED / 3600
        assert counted == pytest.approx(expected, rel=0.25, abs=0.002) and counted > 0.01


def test_a_broker_that_freezes(board, broker, mqtt_client):
    """Afterwards the last will has been said, and Online again."""
    with Trial(board, broker, mqtt_client) as it:
        it.start().wait("stat/readings/Pack1")
        broker.send(signal.SIGSTOP)
        it.board.wait_for("broker lost: silent for a minute", START_S)
        it.mark(102)
        broker.send(signal.SIGCONT)
        online = it.recorder.wait_for(lambda m: m.topic == it.prefix + "tele/LWT" and m.payload == b"Online", BACK_S,
                                      after=len(it.heard()))  # fmt: skip
        it.check(online.time)


@pytest.mark.skipif(not (mosquitto() and shutil.which("mosquitto_passwd")), reason="mosquitto is not installed")
def test_a_wrong_password_until_it_is_right(board, broker_factory, tmp_path):
    passwords = tmp_path / "passwords"

    def allow(password):
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "owner", password], check=True, capture_output=True)
        passwords.chmod(0o644)

    allow("another")
    tmp_path.chmod(0o755)
    broker = broker_factory(f"allow_anonymous false\npassword_file {passwords}")
    with Trial(board, broker) as it:
        it.start().board.wait_for("the broker does not let us in: are mqtt_user and mqtt_pass right?", START_S)
        allow(SECRET)
        broker.restart()
        with Recorder(broker.host, broker.port, "owner", SECRET) as it.recorder:
            it.check(0, cycles=101)
        assert not [line for line in broker.log if SECRET in line]
