"""tools/deploy.py with the real mpremote, onto the virtual board: what it copies, removes, repeats, refuses, says."""

import fcntl
import os
import re
import shutil
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from mpremote.transport_serial import SerialTransport

from tools import ToolError, deploy, deploy_board

TREE = {
    "boot.py": "import machine\n",
    "main.py": "from firmware import a\nprint('pylon2mqtt: begun')\nprint('info: up: pylon2mqtt', a.VALUE)\n",
    "place.py": "", "place.txt": "a\n", "firmware/__init__.py": "",
    "firmware/a.py": "from .sub import b\nVALUE = b.VALUE\n", "firmware/sub/__init__.py": "",
    "firmware/sub/b.py": "VALUE = 1\n" + "# much\n" * 200, "firmware/table.txt": "row\n" * 300,
}  # fmt: skip
ON_BOARD = {re.sub(r"(firmware/.*|place)\.py$", r"\1.mpy", name) for name in TREE}
UP = "board | info: up: pylon2mqtt 1"


def put(top, files):
    """Makes a directory hold these files, {name: text or bytes}, and no others -> it."""
    shutil.rmtree(top, ignore_errors=True)
    for name, data in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return top


def read(top):
    """-> {name: bytes} of all files below a directory."""
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def copied(said):
    return [re.match(r"copying /(\S+)", line)[1] for line in said if line.startswith("copying")]


@pytest.fixture
def tree(tmp_path):
    return put(tmp_path / "tree", TREE)


@pytest.fixture
def empty(board, monkeypatch):
    """make(**arguments of board()) -> a board that waits at its REPL, with nothing of ours on it."""
    monkeypatch.setattr(deploy, "ALIVE_S", 0.1)  # the small project says nothing more

    def make(**arguments):
        one = board(repl=True, **arguments)
        one.wait_for("help()")
        return one

    return make


def run(board, tree, at=None, do=None, source=False):
    """Deploy -> what it said. `do` is called behind a line that begins with `at`."""
    said = []

    def say(text):
        said.append(text)
        if at and text.startswith(at):
            do()

    deploy.deploy(board.port, say, tree, source)
    return said


def test_fresh_again_and_one_file_changed(empty, tree):
    one = empty(files={"config.json": '{"mqtt_host": "mine"}'})
    said, before = run(one, tree), read(one.flash)
    assert set(copied(said)) == ON_BOARD == before.keys() - {"config.json"} and said[-1] == UP
    assert copied(said)[-1] == "main.py", "last, so that half a firmware never starts"
    again = run(one, tree)
    assert copied(again) == [] and "9 files are up to date, 0 to copy, 0 to remove, in /firmware, place a" in again
    assert again[-1] == UP and read(one.flash) == before
    (tree / "firmware" / "sub" / "b.py").write_text("VALUE = 2\n")
    changed = run(one, tree)
    assert copied(changed) == ["firmware/sub/b.mpy", "main.py"] and changed[-1] == "board | info: up: pylon2mqtt 2"
    assert {name for name, data in read(one.flash).items() if data != before[name]} == {"firmware/sub/b.mpy"}


def test_what_is_no_longer_part_of_it_goes_and_the_owners_files_stay(empty, tree):
    old = dict.fromkeys(("firmware/x.mpy", "firmware/old/x.py", "firmware/old/y/z.mpy", "firmware/manifest.part"), "")
    old["firmware/a.py"] = "VALUE = 'old'"
    kept = dict.fromkeys(("ca.pem", "notes.py", "firmware/mine.der", "lib/other.py", "b/firmware/a.mpy"), "mine")
    one = empty(files=old | kept | {"place.txt": "b trial 2 - 0.2.1 " + "5" * 64})
    said = run(one, tree)
    assert read(one.flash).keys() == ON_BOARD | kept.keys() and not (one.flash / "firmware" / "old").exists()
    assert sorted(line for line in said if line.startswith("removing")) == sorted(f"removing /{name}" for name in old)
    assert (one.flash / "place.txt").read_text() == "a\n" and said[-1] == UP, "neither the old a.py nor place b"


def test_as_sources_on_another_chip_without_umqtt_beside_a_second_copy(empty, tree):
    one = empty(env={"VB_CHIP": "esp32s3", "VB_ROM": ""}, files={"lib/firmware/a.mpy": "mine"})
    said, lib = run(one, tree, source=True), {"lib/umqtt/simple.py", "lib/firmware/a.mpy"}
    assert read(one.flash).keys() == TREE.keys() | lib and said[-1] == UP
    notes = [line.split()[1:3] for line in said if line.startswith("note")]
    assert notes == [["this", "was"], ["/lib/firmware", "is"]]
    again = run(one, tree)
    assert read(one.flash).keys() == ON_BOARD | lib and again[-1] == UP, "nothing that shadows"


OLD = {"firmware/__init__.py": "", "firmware/gone.py": "", "firmware/a.mpy": "old",
       "main.py": "from firmware import gone\nprint('pylon2mqtt: old')"}  # fmt: skip
BOOTED = re.compile("help|^pylon2mqtt|^info: up")


def restart(board, files=None):
    """A power cut, maybe other `files`, and a start -> what is said then."""
    mark = board.line_count
    board.power_cut()
    if files:
        put(board.flash, files)
    board.start()
    board.wait_for(BOOTED, after=mark)
    return list(board.lines)[mark - board.line_count :]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["stopped", "power cut"])
def test_interrupted_in_the_middle_of_every_operation_and_repeated(empty, tree, monkeypatch, how):
    one = empty()
    send, left = SerialTransport.exec_raw_no_follow, 0

    def cut(transport, command):
        nonlocal left
        left -= 1
        send(transport, command)
        if left == 0:
            raise EOFError

    monkeypatch.setattr(SerialTransport, "exec_raw_no_follow", cut)
    for operations in range(1, 200):
        restart(one, OLD)
        left = operations
        try:
            run(one, tree)
            break
        except EOFError:
            said = restart(one) if how == "power cut" else []  # first the end of what was told: an OSError may be in it
            assert not [line for line in said if "Error" in line and "OSError" not in line], "half a firmware"
            assert run(one, tree)[-1] == UP and read(one.flash).keys() == ON_BOARD, operations
    assert 40 < operations < 199


@pytest.mark.parametrize(("env", "more", "words"), [
    ({"VB_RELEASE": "1.26.1"}, "x", r"too old: 1\.26\.1; 1\.27 or newer is needed"),
    ({"VB_CHIP": "rp2"}, "x", "wrong chip: .*RP2.*an ESP32 is needed"),
    ({"VB_FREE": "8192"}, "x", r"no space: \d+ KB more must be free"),
    ({}, "firmware/a.mpy/mine", "in the way: remove it with mpremote rm -r :/firmware/a.mpy"),
    ({}, "firmware/sub", "in the way: remove it with mpremote rm -r :/firmware/sub"),
], ids=str)  # fmt: skip
def test_refused_before_anything_is_touched(empty, tree, env, more, words):
    old = {"main.py": "print('o' + 'ld')", "firmware/gone.mpy": "x", more: "x"}
    one = empty(env=env, files=old)
    mark = one.line_count
    with pytest.raises(ToolError, match=rf"{words}.*\. The board starts anew$"):
        run(one, tree)
    assert read(one.flash).keys() == old.keys() and one.wait_for("old", after=mark)


@pytest.mark.parametrize(("at", "left"), [
    ("looking for", "If the board stays at its REPL, its reset button starts it"),
    ("found", "The board starts anew"),
    ("copying /firmware/a.mpy", "The board stays at its REPL until it has all files: run it again"),
    ("board | pylon2mqtt", "The board was told to start"),
])  # fmt: skip
def test_what_becomes_of_the_board_is_told_when_it_is_interrupted(empty, tree, at, left):
    with pytest.raises(ToolError, match=f"^interrupted. {left}$"):
        run(empty(), tree, at, Mock(side_effect=KeyboardInterrupt))


def test_a_flash_that_is_full_in_the_middle_is_told(empty, tree):
    one = empty()
    part = one.flash / "firmware" / "table.txt.part"
    with pytest.raises(ToolError, match=r"copying /firmware/table.txt: no space left on its flash. Remove files"):
        run(one, tree, "copying /firmware/table.txt", lambda: part.symlink_to("/dev/full"))
    part.unlink()
    assert run(one, tree)[-1] == UP and read(one.flash).keys() == ON_BOARD


BEGUN, FAILS = "print('pylon2mqtt: begun')\n", "fails at its start, as told above"


# main.py; what is wrong; what is shown of it, or what is said at the end
@pytest.mark.parametrize(("main", "error", "shown"), [
    ("import nonsense\n", FAILS, "board | ImportError: no module named 'nonsense'"),
    (BEGUN + "print('error: OSError 5 in wifi.py; starting anew')\n", FAILS, "board | error: OSError 5 in wifi.py"),
    (BEGUN + "print('error:', ImportError)\n", FAILS, "board | error: <class 'ImportError'>"),
    (BEGUN + "print('safe mode after 5 starts in a row')\n", FAILS, "board | safe mode after 5 starts"),
    (BEGUN + "print('info: up: x')\nraise MemoryError\n", FAILS, "board | Traceback"),
    (BEGUN + "print('error: the settings cannot be used:\\nwifi_ssid: not set')\n", None, deploy.SETTINGS_HINT),
    (BEGUN, None, "The board did not say that it is up"),
    ("print('something else')\n", "the board said nothing within", "starting the board anew"),
])  # fmt: skip
def test_what_is_said_of_its_start(empty, tree, monkeypatch, main, error, shown):
    monkeypatch.setattr(deploy, "UP_TIMEOUT_S", 1.5)
    (tree / "main.py").write_text(main)
    one, said = empty(), []
    try:
        deploy.deploy(one.port, said.append, tree)
        assert error is None
    except ToolError as refused:
        assert error and error in str(refused)
    assert any(line.startswith(shown) for line in said)


@pytest.mark.parametrize(("ports", "words"), [("", "no board found"), ("ab", "several serial ports: a, b. Say which")])
def test_a_board_that_is_not_to_be_found(monkeypatch, ports, words):
    monkeypatch.setattr(deploy_board.list_ports, "comports", lambda: [SimpleNamespace(device=x, vid=1) for x in ports])
    with pytest.raises(ToolError, match=words):
        deploy.deploy()


def test_ports_that_are_none_or_busy_and_one_that_is_found(empty, tree, monkeypatch):
    one = empty()
    with open(os.open(one.port, os.O_RDWR | os.O_NOCTTY), "wb", buffering=0) as port:
        fcntl.flock(port, fcntl.LOCK_EX)
        for path, words in ((one.port, "is busy: another program"), (__file__, "is not a serial port"),
                            ("/dev/ttyNone0", "is not there: is it plugged in?")):  # fmt: skip
            with pytest.raises(ToolError, match=re.escape(f"{path} {words}")):
                deploy.deploy(path)
    one_of_two = [SimpleNamespace(device="/dev/ttyS0", vid=None), SimpleNamespace(device=one.port, vid=1)]
    monkeypatch.setattr(deploy_board.list_ports, "comports", lambda: one_of_two)
    assert run(SimpleNamespace(port=None), tree)[-1] == UP


def test_what_goes_wrong_at_a_port(empty, monkeypatch):
    one = empty()
    with deploy_board.Port(one.port) as port:
        port.enter()
        for program, words in (("raise MemoryError", "it has too little free memory"), ("1/0", "ZeroDivisionError: "),
                               ("raise OSError(28)", "no space left on its flash")):  # fmt: skip
            with pytest.raises(ToolError, match=f"^the board: {words}.* run it again"):
                port.ask(program)
    monkeypatch.setattr(deploy_board, "REPL_TIMEOUT_S", 0.1)
    end, silent = os.openpty()
    with pytest.raises(ToolError, match="gives a MicroPython REPL: either there is no MicroPython on it"):
        deploy.deploy(os.ttyname(silent))
    port = deploy_board.Port(os.ttyname(silent))
    os.close(end)
    with pytest.raises(ToolError, match=r"broke off .* Is the cable in\?"):
        port.enter()
