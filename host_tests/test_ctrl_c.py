"""Whatever the firmware is just doing: Ctrl-C gives the REPL, and mpremote gets in at the first try."""

from __future__ import annotations

import contextlib
import threading

import pytest
from board_helpers import Wire
from mqtt_helpers import DeadEnd, Recorder
from repl_helpers import Terminal, mpremote
from system_helpers import START_S

from tools.simulator import Simulator

pytestmark = pytest.mark.slow

HEAP = "chip"
PROMPT_S = 1.0
REPL_S = 10  # so long mpremote waits for the REPL; at a pty it would wait for ever
TRIES = 3  # this PC may be busy elsewhere; a board that is slow is slow each time


class Rig:
    """A board with a terminal at its port, a battery and a broker as the phase needs them."""

    def __init__(self, board, broker, battery=None, **settings):
        config = {"wifi_ssid": "virtual", "mqtt_host": broker.host, "mqtt_port": broker.port, "discovery": False}
        self.board = board(config | settings, uart=battery and battery.path, heap=HEAP, repl=True)


# Each yields a Rig whose board is in the phase, and stays in it for some seconds.


@contextlib.contextmanager
def searching(board, broker):
    """Nothing answers: it asks at each rate, waits, and goes on to the next."""
    with contextlib.closing(Wire()) as wire:
        rig = Rig(board, broker, wire)
        wire.receive(len(b"~20014651000000000000\r"))
        yield rig


@contextlib.contextmanager
def reading(board, broker):
    """Eight packs at 4800 baud, cycle after cycle: it waits for a reply, nearly always."""
    asked = threading.Event()
    with Simulator(packs=8, baud=4800, on_truth=lambda record: record.kind == "analog" and asked.set()) as battery:
        rig = Rig(board, broker, battery, publish_rate=1)
        rig.board.wait_for("packs: 1, 2, 3, 4, 5, 6, 7, 8", START_S)
        asked.clear()
        assert asked.wait(START_S)
        yield rig


@contextlib.contextmanager
def connecting(board, _):
    """TCP: nobody takes the connection, and nobody refuses it."""
    with contextlib.closing(DeadEnd(says=None)) as dead:
        rig = Rig(board, dead)
        rig.board.wait_for("Wi-Fi connected", START_S)
        yield rig


@contextlib.contextmanager
def introducing(board, _):
    """MQTT: nothing answers to CONNECT."""
    with contextlib.closing(DeadEnd()) as silent:
        rig = Rig(board, silent)
        assert silent.asked.wait(START_S)
        yield rig


@contextlib.contextmanager
def sleeping(board, broker):
    """The next cycle is minutes away."""
    with Recorder(broker.host, broker.port) as recorder, Simulator(packs=1, paced=False) as battery:
        rig = Rig(board, broker, battery, publish_rate=300)
        recorder.wait_topic("stat/readings/Rack", START_S)
        yield rig


PHASES = (searching, reading, connecting, introducing, sleeping)


@pytest.mark.parametrize("phase", PHASES, ids=[phase.__name__ for phase in PHASES])
def test_ctrl_c_gives_the_repl_within_a_second(board, broker, phase):
    late = []
    for _ in range(TRIES):
        with phase(board, broker) as rig, Terminal(rig.board.port) as terminal:
            terminal.send(b"\x03")
            try:
                terminal.expect(b">>> ", PROMPT_S)
            except AssertionError as error:
                late.append(error)
                continue
            terminal.send(b"print('alive', 6 * 7)\r")
            assert b"Traceback" not in terminal.expect(b"alive 42\r\n")
            assert "pylon2mqtt: stopped" in rig.board.lines and rig.board.resets == []
            return
    raise late[0]


@pytest.mark.parametrize("phase", PHASES, ids=[phase.__name__ for phase in PHASES])
def test_mpremote_gets_in_at_the_first_try(board, broker, phase):
    with phase(board, broker) as rig:
        assert "42\n" in mpremote(rig.board, "exec", "print(6 * 7)", timeout_s=REPL_S)
        assert "pylon2mqtt: stopped" in rig.board.lines
        mark = rig.board.line_count
        mpremote(rig.board, "reset")
        rig.board.wait_for("info: up: ", START_S, after=mark)
        assert "43\n" in mpremote(rig.board, "resume", "exec", "print(6 * 7 + 1)")
