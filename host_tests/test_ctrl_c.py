"""Whatever the firmware is just doing: Ctrl-C gives the REPL, and mpremote gets in at the first try."""

import contextlib
import threading

import pytest
from mqtt_helpers import DeadEnd, Recorder
from repl_helpers import Terminal, mpremote
from system_helpers import START_S

from tools.simulator import Simulator

pytestmark = pytest.mark.slow

REPL_S = 10  # so long mpremote waits for the REPL; at a pty it would wait for ever

# Each gets start(broker, battery=None, **settings) -> a board, and yields one that is in the phase for some seconds.


def searching(start, broker):
    """Nothing answers: it asks at each rate, waits, and goes on to the next."""
    one = start(broker)
    one.wait_for("broker connected", START_S)
    yield one


def reading(start, broker):
    """Eight packs at 4800 baud, cycle after cycle: it waits for a reply, nearly always."""
    asked = threading.Event()
    with Simulator(packs=8, baud=4800, on_truth=lambda record: record.kind == "analog" and asked.set()) as battery:
        one = start(broker, battery, publish_rate=1)
        one.wait_for("packs: 1, 2, 3, 4, 5, 6, 7, 8", START_S)
        asked.clear()
        assert asked.wait(START_S)
        yield one


def connecting(start, _):
    """TCP: nobody takes the connection, and nobody refuses it."""
    with contextlib.closing(DeadEnd(takes=False)) as dead:
        one = start(dead)
        one.wait_for("Wi-Fi connected", START_S)
        yield one


def sleeping(start, broker):
    """The next cycle is minutes away."""
    with Recorder(broker.host, broker.port) as recorder, Simulator(packs=1, paced=False) as battery:
        one = start(broker, battery, publish_rate=300)
        recorder.wait_topic("stat/readings/Rack", START_S)
        one.wait_for("found: ", START_S)  # Ctrl-C in this line would join it with the next
        yield one


@pytest.mark.parametrize("phase", [searching, reading, connecting, sleeping])
def test_ctrl_c_gives_the_repl_and_mpremote_gets_in(board, broker, phase):
    def start(broker, battery=None, **settings):
        config = {"wifi_ssid": "virtual", "mqtt_host": broker.host, "mqtt_port": broker.port, "discovery": False}
        return board(config | settings, uart=battery and battery.path, repl=True)

    phase = contextlib.contextmanager(phase)
    with phase(start, broker) as one:
        with Terminal(one.port) as terminal:
            terminal.send(b"\x03")
            terminal.expect(b">>> ", REPL_S)
            terminal.send(b"print('alive', 6 * 7)\r")
            assert b"Traceback" not in terminal.expect(b"alive 42\r\n")
        assert "pylon2mqtt: stopped" in one.lines and one.resets == []
    with phase(start, broker) as one:
        assert "42\n" in mpremote(one, "exec", "print(6 * 7)", timeout_s=REPL_S)
        assert "pylon2mqtt: stopped" in one.lines
        mark = one.line_count
        mpremote(one, "reset")
        one.wait_for("info: up: ", START_S, after=mark)
