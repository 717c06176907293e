"""tools/capture.py as its users run it, at a simulated battery's port; the tests of recordings over what it made."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import recordings
from capture_rig import Rig
from codec_cases import ANALOG
from tool_process import Tool

from tools import capture, decode
from tools import test as one_command
from tools.simulator import Simulator

TIMEOUT_S = 120
FRAME_TESTS, CONSOLE_TESTS = 5, 1


def captured(tmp_path, sim, *arguments, status=0):
    """Runs capture.py at a simulator -> (path of its file, what it said)."""
    path = tmp_path / "capture.jsonl"
    with sim, Tool("capture.py", "--port", sim.path, "--output", str(path), *arguments) as tool:
        assert tool.end() == status
        assert sim.forbidden == []
    return path, tool.output


def over_capture(project, path):
    """The tests of recordings over a capture -> (how many passed, how many failed) there."""
    files = ["host_tests/test_recorded_frames.py", "host_tests/test_console.py", "host_tests/test_decode.py"]
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
    command += ["-k", "capture", "--frames", str(path)]
    out = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=TIMEOUT_S, check=False).stdout
    return out.count("[capture] PASSED"), out.count("[capture] FAILED")


# -- every dialect, from the port to the tests


@pytest.mark.slow
@pytest.mark.parametrize(("options", "more", "said", "answers", "tests"), [
    ({"baud": 4800}, [], "it speaks the framed protocol at 4800 baud", 14, FRAME_TESTS),
    ({"dialect": "rs485", "echo": True}, ["--baud", "9600"], "of an RS485 port at 9600 baud", 12, FRAME_TESTS),
    ({"dialect": "console", "console": {"firmware": "us5000-v2", "pager": 10}}, ["--baud", "115200"],
     "the text console at 115200 baud", 12, CONSOLE_TESTS),
], ids=["framed", "rs485", "console"])  # fmt: skip
def test_a_capture_goes_into_the_tests_and_into_decode(project, tmp_path, capsys, options, more, said, answers, tests):
    sim = Simulator(packs=2, paced=False, **options)
    path, output = captured(tmp_path, sim, *more)
    assert said in output and f"{path}: {answers} answers" in output and "it still listens at " in output
    assert output.rstrip().endswith("; serial numbers are masked")
    assert all(sim.group.pack(number).serial not in path.read_text() + output for number in (1, 2))
    assert over_capture(project, path) == (tests, 0)
    if options.get("dialect") != "console":
        assert decode.main([str(path)]) == 0 and " good, 0 bad" in capsys.readouterr().out
    if not more:
        rows = recordings.load(path)
        analog = next(row for row in rows if row["kind"] == "recorded" and row["request"][7:9] == "42")
        analog["response"] = ANALOG.decode()[:-2] + "4"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert over_capture(project, path)[1] > 0


@pytest.mark.slow
def test_a_console_that_sleeps_is_woken_and_it_is_said(tmp_path):
    sim = Simulator(packs=1, dialect="console", console={"asleep": True, "pager": 10})
    path, said = captured(tmp_path, sim)
    assert capture.WOKEN in said and "~20014682C0048520FCC3 to wake a text console" in said
    assert len(recordings.console(recordings.load(path))) == 7


# -- what can go wrong


def test_what_was_recorded_before_ctrl_c_stays(tmp_path):
    path = tmp_path / "capture.jsonl"
    with Simulator(packs=16) as sim, Tool("capture.py", "--port", sim.path, "--output", str(path)) as tool:
        tool.wait_for("47H system parameters: answered")
        assert tool.stop() == 130
        assert sim.baud == 1200 and sim.forbidden == []
    assert "capture: interrupted" in tool.output and "Traceback" not in tool.output
    assert 4 <= len(recordings.load(path)) < 60 and f"{path}: " in tool.output


def test_a_port_that_goes_away(tmp_path):
    path = tmp_path / "capture.jsonl"
    with Simulator(packs=16) as sim, Tool("capture.py", "--port", sim.path, "--output", str(path)) as tool:
        tool.wait_for("47H system parameters: answered")
        sim.close()
        assert tool.end() == 1
    assert "does not work any more" in tool.output and "Traceback" not in tool.output
    assert len(recordings.load(path)) >= 4


def run(capsys, *arguments):
    """-> exit status, stderr of capture.py in this process."""
    try:
        status = capture.main(list(arguments))
    except SystemExit as error:  # argparse
        status = error.code
    return status, capsys.readouterr().err


def test_no_battery(tmp_path):
    sim = Simulator(packs=1)
    sim.fault("unplugged")
    _, said = captured(tmp_path, sim, "--baud", "1200", status=1)
    assert "no battery answers. Check: the cable is in the port named Console" in said
    assert "2 without an answer" in said


def test_a_file_is_never_written_over(tmp_path, capsys):
    (tmp_path / "old").write_text("precious")
    with Simulator() as sim:
        status, err = run(capsys, "--port", sim.path, "--output", str(tmp_path / "old"))
        assert status == 1 and "is there already: name another file with --output" in err
        status, err = run(capsys, "--port", sim.path, "--output", str(tmp_path / "no" / "where"))
        assert status == 1 and "cannot write" in err and "No such file or directory" in err
    assert (tmp_path / "old").read_text() == "precious"


def test_unplugged_in_every_moment():
    """Whenever the port fails, what was recorded before is whole."""
    whole = Rig(packs=1, paced=False)
    whole.serial.reads = total = 10_000
    whole.run()
    used = total - whole.serial.reads
    assert used > 50
    for reads in range(0, used, 3):
        rig = Rig(packs=1, paced=False)
        rig.serial.reads = reads
        with pytest.raises(OSError, match="disconnected"):
            rig.run()
        assert rig.rows == whole.rows[: len(rig.rows)]


@pytest.mark.parametrize(("asked", "run"), [([], ["-k", "[capture]"]), (["-k", "x"], ["-k", "x"])])
def test_the_one_command_hands_on_the_path_as_the_user_sees_it(tmp_path, monkeypatch, asked, run):
    commands = []
    monkeypatch.setattr(one_command, "run", lambda title, command: commands.append(command) or 0)
    monkeypatch.setattr(one_command.environment, "ensure", lambda: None)
    monkeypatch.chdir(tmp_path)
    assert one_command.main(["--frames", "mine.jsonl", *asked]) == 0
    assert f"--frames={tmp_path / 'mine.jsonl'}" in commands[-1] and commands[-1][-2:] == run
