"""The README's way onto an ESP32, on the virtual board: its commands in their order."""

import pytest
from doc_commands import ON_A_BOARD, SHELL, Stage, missing, to_run
from repl_helpers import Terminal

SEEN_S = 60
PROMPT, CTRL_C = b">>> ", b"\x03"
SECRET = "s3cret-marker"  # what a reader types unseen


class Way:
    """`terminal`: the one at the board's REPL, or None."""

    def __init__(self, stage, port, broker, recorder):
        self.stage, self.port, self.broker, self.recorder = stage, port, broker, recorder
        self.terminal = None

    def at_shell(self, command):
        self.leave()
        text = command.text
        if "monitor.py" in text:
            with self.stage.start(f"{text}:{self.broker.port}") as view:
                view.wait_for(r"Pack 2 .* OK")
                assert view.stop() == 0
            return view.output
        text += f" mqtt_port={self.broker.port}" * ("mqtt_host=" in text)
        status, said = self.stage.run(text, typed=f"{SECRET}\n" * ("wifi_pass" in text))
        assert status == 0 and SECRET not in said, text
        return said

    def at_repl(self, command):
        self.connect()
        if "setup.ask" in command.text:
            (self.stage.directory / "flash" / "config.json").unlink()
            parts = [f"{line} ".rpartition("): ") for line in command.promised if "): " in f"{line} "]
            return self.type(command.text, [(question + "): ", answer.strip()) for question, _, answer in parts])
        if "machine.reset" not in command.text:
            return self.type(command.text)
        self.type(f"from firmware import config; config.set(mqtt_port={self.broker.port})")
        after = len(self.recorder.messages)
        self.terminal.send(command.text.encode() + b"\r")
        self.terminal.expect(b"packs: 1, 2\r\n")
        for pack in (1, 2):
            self.recorder.wait_topic(f"stat/readings/Pack{pack}", SEEN_S, after)
        self.leave()
        return ""

    def connect(self):
        if not self.terminal:
            self.terminal = Terminal(self.port).__enter__()
            self.terminal.send(CTRL_C)
            self.terminal.expect(PROMPT)

    def leave(self):
        if self.terminal:
            self.terminal.__exit__()
        self.terminal = None

    def type(self, line, answers=()):
        """A line at the REPL -> what is printed until its next prompt; `answers`: (question, what is typed then)."""
        said = b""
        line = self.stage.here(line).encode()
        self.terminal.send(line + b"\r")
        self.terminal.expect(line + b"\r\n")
        for question, answer in answers:
            said += self.terminal.expect(question.encode())
            self.terminal.send(self.stage.here(answer).encode() + b"\r")
        return (said + self.terminal.expect(PROMPT)).decode()


@pytest.mark.slow
def test_on_a_board(tmp_path, broker, mqtt_client):
    places = {"/tmp/battery": str(tmp_path / "battery"), "/tmp/board": str(tmp_path / "flash"), "my network": "virtual",
              "192.168.2.245": "127.0.0.1", "Generic ESP32": "Virtual ESP32"}  # fmt: skip
    stage = Stage(tmp_path, places)
    commands = to_run(ON_A_BOARD)
    simulator = next(one for one in commands if "tools/simulator" in one.text)
    virtual = next(one for one in commands if "tools/virtual_board" in one.text)
    make, _, start = virtual.text.partition("; ")
    stage.run(make)
    with stage.start(simulator.text) as battery:
        battery.wait_for("battery at")
        with stage.start(start) as board:
            port = board.wait_for(r"(/dev/\S+)\n")[1]
            stage.stands_for |= {"/dev/ttyUSB0": port, "/dev/pts/7": port}
            way = Way(stage, port, broker, mqtt_client)
            for command in commands:
                if command not in (simulator, virtual):
                    said = way.at_shell(command) if command.prompt == SHELL else way.at_repl(command)
                    assert missing(map(stage.here, command.promised), said) == [], command.text
            way.leave()
            assert board.stop() == 0
        assert battery.stop() == 0
