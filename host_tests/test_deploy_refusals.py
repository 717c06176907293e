"""tools/deploy.py when it cannot go on: each failure in words, and nothing on the board is the worse for it."""

from __future__ import annotations

import fcntl
import os
from types import SimpleNamespace

import deploy_helpers
import pytest
from deploy_helpers import ON_BOARD, files, run

from tools import ToolError, deploy, deploy_board

tree, empty = deploy_helpers.tree, deploy_helpers.empty

REFUSED = (
    ({"VB_RELEASE": "1.26.1"}, r"too old: 1\.26\.1; 1\.27 or newer is needed"),
    ({"VB_RELEASE": "1.9.4"}, r"too old: 1\.9\.4"),
    ({"VB_CHIP": "rp2"}, "wrong chip: .*RP2.*an ESP32 is needed"),
    ({"VB_FREE": "8192"}, r"no space: \d+ KB more must be free"),
)


@pytest.mark.parametrize(("env", "words"), REFUSED, ids=str)
def test_refused_before_anything_is_touched(empty, tree, env, words):
    old = {"main.py": "print('o' + 'ld')", "firmware/gone.mpy": "x"}
    one = empty(env=env, files=old)
    mark = one.line_count
    with pytest.raises(ToolError, match=rf"{words}.*\. The board starts anew$"):
        run(one, tree)
    assert files(one) == set(old) and one.wait_for("old", after=mark)


LEFT = {
    "looking for": "If the board stays at its REPL, its reset button starts it",
    "found": "The board starts anew",
    "copying /firmware/a.mpy": "The board stays at its REPL until it has all files: run it again",
    "board | pylon2mqtt": "The board was told to start",
}


@pytest.mark.parametrize("at", LEFT)
def test_what_becomes_of_the_board_is_told_when_it_is_interrupted(empty, tree, at):
    def say(text):
        if text.startswith(at):
            raise KeyboardInterrupt

    one = empty()
    with pytest.raises(ToolError, match=f"^interrupted. {LEFT[at]}$"):
        deploy.deploy(one.port, say=say, project=tree)


def test_a_flash_that_is_full_in_the_middle_is_told(empty, tree):
    one = empty()
    part = one.flash / "firmware" / "table.txt.part"

    def say(text):
        if "table.txt" in text:
            part.symlink_to("/dev/full")

    with pytest.raises(ToolError, match=r"copying /firmware/table.txt: no space left on the board's flash"):
        deploy.deploy(one.port, say=say, project=tree)
    part.unlink()
    assert run(one, tree)[-1] == "board | info: up: pylon2mqtt 1" and files(one) == ON_BOARD


BEGUN = "print('pylon2mqtt: begun')\n"
FAILS = "fails at its start, as told above"
# main.py; what it is; what is shown of it, or what is said at the end
STARTS = {
    "import nonsense\n": (FAILS, "board | ImportError: no module named 'nonsense'"),
    BEGUN + "print('error: OSError 5 in wifi.py; starting anew')\n": (FAILS, "board | error: OSError 5 in wifi.py"),
    BEGUN + "print('error:', ImportError)\n": (FAILS, "board | error: <class 'ImportError'>"),
    BEGUN + "print('safe mode after 5 starts in a row')\n": (FAILS, "board | safe mode after 5 starts"),
    BEGUN + "print('info: up: x')\nraise MemoryError\n": (FAILS, "board | Traceback"),
    BEGUN + "print('error: the settings cannot be used:\\nwifi_ssid: not set')\n": (None, deploy.SETTINGS_HINT),
    BEGUN: (None, "The board did not say that it is up"),
    "print('something else')\n": ("the board said nothing within", "starting the board anew"),
}


@pytest.mark.parametrize("main", STARTS)
def test_what_is_said_of_its_start(empty, tree, monkeypatch, main):
    error, shown = STARTS[main]
    monkeypatch.setattr(deploy, "UP_TIMEOUT_S", 1.5)
    (tree / "main.py").write_text(main)
    one, said = empty(), []
    try:
        deploy.deploy(one.port, say=said.append, project=tree)
        assert error is None
    except ToolError as refused:
        assert error and error in str(refused)
    assert any(line.startswith(shown) for line in said)


# -- the serial port --------------------------------------------------------------------------------------------------


def found(monkeypatch, *names):
    """Makes these the serial ports on USB."""
    ports = [SimpleNamespace(device=name, vid=1) for name in names]
    monkeypatch.setattr(deploy_board.list_ports, "comports", lambda: ports)


@pytest.mark.parametrize(("on_usb", "arguments", "words"), [
    ((), ["--port", "/dev/ttyNone0"], "/dev/ttyNone0 is not there: is it plugged in?"),
    ((), ["--port", __file__], "is not a serial port"),
    ((), [], "no board found"), (("/dev/a", "/dev/b"), [], "/dev/a, /dev/b. Say which"),
], ids=str)  # fmt: skip
def test_ports_that_are_none(monkeypatch, capsys, on_usb, arguments, words):
    found(monkeypatch, *on_usb)
    assert deploy.main(arguments) == 1
    assert words in capsys.readouterr().err


def test_a_port_that_is_busy_then_found_by_itself(empty, tree, monkeypatch):
    one = empty()
    found(monkeypatch, one.port)
    fd = os.open(one.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    with pytest.raises(ToolError, match=f"{one.port} is busy: another program"):
        deploy.deploy(project=tree)
    os.close(fd)
    said = []
    deploy.deploy(say=said.append, project=tree)
    assert said[0] == f"looking for MicroPython at {one.port} …" and said[-1].startswith("board | info: up:")
