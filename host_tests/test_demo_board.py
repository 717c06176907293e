"""tools/demo.py --board: the way onto a board, each step with its command; and what fails, in words."""

from __future__ import annotations

import queue
import re
import signal

import demo_helpers
import pytest
from demo_helpers import port_of
from tool_process import Tool

from tools import demo_options, show
from tools.demo_board import MPREMOTE, BoardError, DemoBoard, _show

clean = demo_helpers.clean
QUICK = ("--packs", "1", "--publish-rate", "1")
PORT = r"/dev/\S+"
# in this order
SHOWN = (
    r"\n1\. .*\n\$ python3 tools/virtual_board --flash .*/flash'? --uart /dev/\S+\n" + PORT + r"\n",
    r"\n2\. .*\n\$ python3 tools/deploy\.py --port " + PORT + r"\nlooking for MicroPython",
    r"copying /boot\.py \(1 of .*\n…\ncopying /main\.py ",
    r"board \| error: the settings cannot be used:\nboard \| config\.json is missing",
    r"\n3\. .*\n\$ \.venv/bin/mpremote connect " + PORT + r" exec 'from firmware import config; config\.set\(wifi_ssid="
    r'"virtual", mqtt_host="127\.0\.0\.1", mqtt_port=\d+\)\'\nsaved; ',
    r"\n4\. .*\n\$ python3 tools/configure\.py --port " + PORT + r" publish_rate=1\nsaved; .*\nthe board starts anew",
    r"\n5\. .*\n +\d+\.\d s  firmware \| pylon2mqtt: Ctrl-C for the REPL\n",
    r"firmware \| info: up: ",
    r" s  Pack 1 ",
    r"device   \| Offline",
    r"readings, 0\swrong\.",
)


@pytest.mark.slow
def test_the_whole_way_until_ctrl_c(clean):
    variables, ports = clean
    with Tool("demo.py", "--board", *QUICK, **variables) as tool:
        ports.append(port_of(tool))
        tool.wait_for("Pack 1")
        assert tool.stop() == 0
    at = 0
    for pattern in SHOWN:
        found = re.compile(pattern).search(tool.output, at)
        assert found, pattern
        at = found.end() - 1
    assert "Traceback" not in tool.output and "raw REPL" not in tool.output


@pytest.mark.slow
def test_other_topics_and_an_end_without_readings(clean):
    variables, _ = clean
    with Tool("demo.py", "--board", "--root", "Home", "--rack", "a 'b'", "--seconds", "0.1", **variables) as tool:
        assert tool.end() == 1
    assert """mqtt_root="Home", rack_name="a '"'"'b'"'"'")""" in tool.output
    assert "demo: no reading of pack 1, 2" in tool.output and "Traceback" not in tool.output


@pytest.mark.slow
@pytest.mark.parametrize("when", [r"\n1\.", r"copying /boot", r"\n3\.", r"\n4\."])
def test_a_signal_while_it_is_prepared(clean, when):
    variables, _ = clean
    with Tool("demo.py", "--board", *QUICK, **variables) as tool:
        tool.wait_for(when)
        assert tool.stop(signal.SIGTERM) == 1
    assert "demo: interrupted before the firmware ran, so there is no reading" in tool.output
    assert "Traceback" not in tool.output


@pytest.mark.slow
def test_no_interpreter(clean):
    variables, _ = clean
    with Tool("demo.py", "--board", MICROPYTHON="/bin/false", **variables) as tool:
        assert tool.end() == 1
    assert "/bin/false does not work" in tool.output and "Traceback" not in tool.output
    assert "demo: the virtual board ended by itself, with status " in tool.output


@pytest.fixture
def prepared(tmp_path):
    """A DemoBoard that is not entered, and its events."""
    events = queue.SimpleQueue()
    board = DemoBoard(demo_options.parsed(["--board"], ""), ("127.0.0.1", 1883), "/dev/null", tmp_path, events)
    yield board, events
    board.__exit__()


def test_a_step_that_fails_is_told(prepared, capfd):
    board, _ = prepared
    with pytest.raises(BoardError, match=r"step 2 failed, as told above: tools/deploy\.py ended with 1"):
        board._step("2. The firmware", "python3", "tools/deploy.py", "--port", "/dev/ttyNone0")
    assert "deploy: no board at /dev/ttyNone0" in capfd.readouterr().out
    with pytest.raises(BoardError, match=r"step 3 failed, as told above: \.venv/bin/mpremote ended with 1"):
        board._step("3. Its settings", MPREMOTE, "connect", "/dev/ttyNone0", "exec", "1")


def test_the_board_ends_meanwhile(prepared):
    board, events = prepared
    events.put(("ended", 3))
    with pytest.raises(BoardError, match="ended by itself, with status 3"):
        board._step("2. x", "python3", "-c", "import time; time.sleep(100)")


def test_a_step_that_says_nothing(prepared, monkeypatch):
    board, _ = prepared
    monkeypatch.setattr("tools.demo_board.SILENT_TIMEOUT_S", 0.1)
    with pytest.raises(BoardError, match=r"nothing happened for 0\.1 s: python3 -c "):
        board._step("2. x", "python3", "-c", "import time; time.sleep(100)")


def test_a_signal_ends_the_step(prepared):
    board, events = prepared
    events.put((show.SIGNAL,))
    with pytest.raises(BoardError, match="interrupted"):
        board._step("2. x", "python3", "-c", "import time; time.sleep(100)")


def test_of_many_files_only_the_first_and_the_last_are_shown(capsys):
    for number in range(1, 5):
        _show(f"copying /x{number} ({number} of 4, 10 bytes)")
    _show("removing /y")
    assert capsys.readouterr().out.split("\n")[:-1] == [
        "copying /x1 (1 of 4, 10 bytes)", "…", "copying /x4 (4 of 4, 10 bytes)", "removing /y"]  # fmt: skip


def test_only_what_it_says_after_its_last_start_is_shown(prepared):
    board, events = prepared
    begins = "pylon2mqtt: Ctrl-C for the REPL"
    said = [begins, "error: no settings", None, "raw REPL", begins, "info: a"]
    for line in said:
        board._forget() if line is None else board._take(line)
    board._go_on()
    board._take("info: b")
    shown = []
    while not events.empty():
        shown.append(events.get())
    assert shown == [("line", said[0]), ("line", "info: a"), ("line", "info: b")]
