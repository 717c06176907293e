"""The README's way onto an ESP32, on the virtual board."""

from __future__ import annotations

import doc_commands
import pytest
from doc_commands import REPL, SHELL
from doc_rows import ON_A_BOARD, to_run
from doc_stage import SECRET, Stage, Typed

SEEN_S = 60


class Way:
    """From an empty board to readings, in the order of the pages. `typed`: the terminal at its REPL, or None."""

    def __init__(self, stage, board, broker, recorder):
        self.stage, self.board, self.broker, self.recorder = stage, board, broker, recorder
        self.typed = None

    def go(self, command):
        """One command more; its promised lines must come."""
        if command.prompt == SHELL and self.typed:
            self.leave()
        said = self.at_repl(command) if command.prompt == REPL else self.at_shell(command)
        assert doc_commands.missing(map(self.stage.here, command.promised), said) == [], command.text

    def at_shell(self, command):
        text = command.text
        if "monitor.py" in text:
            with self.stage.start(text.replace("127.0.0.1", f"127.0.0.1:{self.broker.port}")) as view:
                view.wait_for(r"Pack 2 .* OK")
                assert view.stop() == 0
            return view.output
        if "mpremote" in text:
            self.connect(text)
            assert self.typed.leave() == 0
            self.leave()
            return ""
        if "mqtt_host=" in text:
            text += f" mqtt_port={self.broker.port}"
        status, said = self.stage.run(text, typed=f"{SECRET}\n" if "wifi_pass" in text else None)
        assert status == 0 and SECRET not in said, text
        return said

    def at_repl(self, command):
        if not self.typed:
            self.connect(".venv/bin/mpremote connect /dev/pts/7")
        if "setup.ask" in command.text:
            (self.stage.directory / "flash" / "config.json").unlink()
            parts = [f"{line} ".rpartition("): ") for line in command.promised if "): " in f"{line} "]
            answers = [(question + "): ", self.stage.here(answer.strip())) for question, _, answer in parts]
            return self.typed.type(command.text, answers)
        if "machine.reset" in command.text:
            self.typed.type(f"from firmware import config; config.set(mqtt_port={self.broker.port})")
            self.typed.send(command.text.encode() + b"\r")
            self.typed.expect(b"packs: 1, 2\r\n")
            self.publishes()
            return ""
        return self.typed.type(self.stage.here(command.text))

    def connect(self, text):
        self.typed = Typed(self.stage.directory, *self.stage.here(text).split()).__enter__()
        self.typed.expect(b"Connected to MicroPython")
        self.typed.interrupt()

    def leave(self):
        self.typed.__exit__()
        self.typed = None

    def publishes(self):
        after = len(self.recorder.messages)
        for pack in (1, 2):
            self.recorder.wait_topic(f"stat/readings/Pack{pack}", SEEN_S, after)


@pytest.mark.slow
def test_on_a_board(tmp_path, broker, mqtt_client):
    places = {"/tmp/battery": str(tmp_path / "battery"), "/tmp/board": str(tmp_path / "flash"), "my network": "virtual",
              "192.168.2.245": "127.0.0.1", "Generic ESP32": "Virtual ESP32"}  # fmt: skip
    stage = Stage(tmp_path, places)
    on_board = to_run(ON_A_BOARD)
    (simulator,) = [one for one in on_board if "tools/simulator" in one.text]
    (virtual,) = [one for one in on_board if "tools/virtual_board" in one.text]
    make, _, virtual_board = virtual.text.partition("; ")
    stage.run(make)
    with stage.start(simulator.text) as battery:
        battery.wait_for("battery at")
        with stage.start(virtual_board) as board:
            port = board.wait_for(r"(/dev/\S+)\n")[1]
            stage.stands_for |= {"/dev/ttyUSB0": port, "/dev/pts/7": port}
            way = Way(stage, board, broker, mqtt_client)
            try:
                for command in on_board:
                    if command not in (simulator, virtual):
                        way.go(command)
            finally:
                if way.typed:
                    way.leave()
            assert board.stop() == 0
        assert battery.stop() == 0
