"""tools/capture.py as its users run it, at a simulated battery's port. docs/tools.md is run too, at a framed one."""

import os
import signal
import subprocess
import sys

import pytest
import recordings
from tool_process import Tool

from tools.simulator import Simulator

TIMEOUT_S = 120


@pytest.fixture
def path(tmp_path):
    return tmp_path / "capture.jsonl"


def started(sim, path, *arguments):
    return Tool("capture.py", "--port", sim.path, "--output", str(path), *arguments)


@pytest.mark.slow
@pytest.mark.parametrize(("option", "said"), [((), "masked"), (("--serials",), "in it")])
def test_the_capture_of_a_console_goes_into_the_tests(project, path, option, said):
    sim = Simulator(packs=2, dialect="console", console={"firmware": "us5000-v2", "pager": 10})
    with sim, started(sim, path, "--baud", "115200", *option) as tool:
        assert tool.end() == 0 and sim.forbidden == []
    assert "it speaks the text console at 115200 baud" in tool.output
    assert tool.output.endswith(f"{path}: 12 answers; serial numbers are {said}\n")
    assert [sim.group.pack(number).serial in path.read_text() for number in (1, 2)] == [said == "in it"] * 2
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "host_tests/test_console.py",
               "-q", "-k", "[capture]", "--frames", str(path)]
    out = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=TIMEOUT_S, check=False).stdout
    assert "1 passed" in out and "failed" not in out, out


@pytest.mark.parametrize(("fail", "status", "said"), [
    (lambda tool, sim: os.kill(tool.process.pid, signal.SIGINT), 130, "capture: interrupted"),
    (lambda tool, sim: sim.close(), 1, "does not work"),
], ids=["Ctrl-C", "unplugged"])
def test_what_was_recorded_before_it_ended_stays(path, fail, status, said):
    with Simulator(packs=16) as sim, started(sim, path) as tool:
        tool.wait_for("47H system parameters: answered")
        fail(tool, sim)
        assert tool.end() == status and sim.forbidden == []
    assert said in tool.output and f"{path}: " in tool.output and "Traceback" not in tool.output
    assert 4 <= len(recordings.load(path)) < 60


def test_no_battery(path):
    sim = Simulator(packs=1)
    sim.fault("unplugged")
    with sim, started(sim, path, "--baud", "1200") as tool:
        assert tool.end() == 1
    assert "no battery answers. Check: the cable is in the port named Console" in tool.output
    assert "2 without an answer" in tool.output


def test_a_file_is_never_written_over(path):
    path.write_text("precious")
    with Simulator() as sim, started(sim, path) as tool:
        assert tool.end() == 1
    assert "File exists; --output names another file" in tool.output and path.read_text() == "precious"
