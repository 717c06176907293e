"""tools/deploy.py when it cannot go on: each failure in words, and nothing on the board is the worse for it."""

from __future__ import annotations

import deploy_helpers
import pytest
from deploy_helpers import ON_BOARD, files, run

from tools import ToolError, deploy
from tools.deploy_board import _refusal

tree, empty = deploy_helpers.tree, deploy_helpers.empty

REFUSED = (
    ("old MicroPython", {"VB_RELEASE": "1.26.1"}, r"too old: 1\.26\.1; 1\.27 or newer is needed"),
    ("older", {"VB_RELEASE": "1.9.4"}, r"too old: 1\.9\.4"),
    ("wrong chip", {"VB_CHIP": "rp2"}, "wrong chip: .*RP2.*an ESP32 is needed"),
    ("no space", {"VB_FREE": "8192"}, r"no space: \d+ KB more must be free"),
)


@pytest.mark.parametrize(("name", "env", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_before_anything_is_touched(empty, tree, name, env, words):
    old = {"main.py": "print('o' + 'ld')", "firmware/gone.mpy": "x"}
    one = empty(env=env, files=old)
    mark = one.line_count
    with pytest.raises(ToolError, match=rf"{words}.*\. The board starts anew$"):
        run(one, tree)
    assert files(one) == set(old) and one.wait_for("old", after=mark)


LEFT = (
    ("looking for", "If the board stays at its REPL, its reset button starts it"),
    ("found", "The board starts anew"),
    ("copying /firmware/a.mpy", "The board stays at its REPL until it has all files: run it again"),
    ("board | pylon2mqtt", "The board was told to start"),
)


@pytest.mark.parametrize(("at", "words"), LEFT, ids=[row[0] for row in LEFT])
def test_what_becomes_of_the_board_is_told_when_it_is_interrupted(empty, tree, at, words):
    def say(text):
        if text.startswith(at):
            raise KeyboardInterrupt

    one = empty()
    with pytest.raises(ToolError, match=f"^interrupted. {words}$"):
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


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("OSError: [Errno 28] ENOSPC", "x: no space left on the board's flash"),
        ("OSError: 28 No space left on device", "x: no space left on the board's flash"),
        ("OSError: [Errno 280] E", "x refused: OSError"),
        ("MemoryError: memory allocation failed", "x: the board has too little free memory"),
    ],
)
def test_words_for_what_the_board_raises(last, words):
    assert _refusal("x", f"Traceback (most recent call last):\n  File\n{last}\n").startswith(words)


BEGUN = "print('pylon2mqtt: begun')\n"


@pytest.mark.parametrize(
    ("main", "shown"),
    [
        ("import nonsense\n", "ImportError: no module named 'nonsense'"),
        (BEGUN + "print('error: OSError 5 in wifi.py, line 3; starting anew')\n", "error: OSError 5 in wifi.py"),
        (BEGUN + "print('error:', ImportError, KeyError)\n", "error: <class 'ImportError'>"),
        (BEGUN + "print('safe mode after 5 starts in a row')\n", "safe mode after 5 starts"),
        (BEGUN + "print('info: up: x')\nraise MemoryError\n", "Traceback"),
        (BEGUN + "print('info: up: x')\nprint('error:', MemoryError)\n", "error: <class 'MemoryError'>"),
    ],
    ids=["trace", "told", "half a firmware", "safe mode", "after up", "up, told"],
)
def test_a_firmware_that_fails_is_shown(empty, tree, main, shown):
    (tree / "main.py").write_text(main)
    one = empty()
    said = []
    with pytest.raises(ToolError, match="fails at its start, as told above"):
        deploy.deploy(one.port, say=said.append, project=tree)
    assert any(line.startswith(f"board | {shown}") for line in said)


@pytest.mark.parametrize(
    ("main", "words"),
    [
        (BEGUN + "print('error: the settings cannot be used:\\nwifi_ssid: not set')\n", deploy.SETTINGS_HINT),
        (BEGUN, "The board did not say that it is up"),
        ("print('something else')\n", None),
    ],
    ids=["settings", "silent by its log_level", "not ours"],
)
def test_what_is_said_where_it_is_not_up(empty, tree, monkeypatch, main, words):
    monkeypatch.setattr(deploy, "UP_TIMEOUT_S", 1.5)
    (tree / "main.py").write_text(main)
    one = empty()
    if words:
        assert run(one, tree)[-1].startswith(words)
    else:
        with pytest.raises(ToolError, match="the board said nothing within"):
            run(one, tree)
