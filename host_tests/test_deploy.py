"""tools/deploy.py with the real mpremote, onto the virtual board: what it copies, removes, and repeats."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import deploy_helpers
import pytest
from deploy_helpers import ON_BOARD, TREE, copied, files, run
from mpremote.transport_serial import SerialTransport

from tools import environment
from tools.simulator.simulator import Simulator

TIMEOUT_S = 60
tree, empty = deploy_helpers.tree, deploy_helpers.empty


def contents(board):
    return {name: (board.flash / name).read_bytes() for name in files(board)}


def test_fresh_again_and_one_file_changed(empty, tree):
    one = empty(files={"config.json": '{"mqtt_host": "mine"}'})
    said = run(one, tree)
    assert set(copied(said)) == ON_BOARD == files(one) - {"config.json"}
    assert copied(said)[-1] == "main.py", "last, so that half a firmware never starts"
    assert said[-1] == "board | info: up: pylon2mqtt 1"
    before = contents(one)
    again = run(one, tree)
    assert copied(again) == [] and "9 files are up to date, 0 to copy, 0 to remove, in /firmware, place a" in again
    assert again[-1] == "board | info: up: pylon2mqtt 1" and contents(one) == before
    (tree / "firmware" / "sub" / "b.py").write_text("VALUE = 2\n")
    changed = run(one, tree)
    assert copied(changed) == ["firmware/sub/b.mpy", "main.py"] and changed[-1] == "board | info: up: pylon2mqtt 2"
    assert {name for name, data in contents(one).items() if data != before[name]} == {"firmware/sub/b.mpy"}
    assert (one.flash / "config.json").read_text() == '{"mqtt_host": "mine"}'


def test_what_is_no_longer_part_of_it_goes_and_the_owners_files_stay(empty, tree):
    old = dict.fromkeys(("firmware/gone.mpy", "firmware/old/x.py", "firmware/old/y/z.mpy"), "")
    old["firmware/a.py"] = "VALUE = 'old'"
    kept = {"ca.pem": "mine", "notes.py": "mine", "firmware/mine.der": "mine", "lib/other.py": "mine"}
    one = empty(files=old | kept)
    said = run(one, tree)
    assert files(one) == ON_BOARD | set(kept) and not (one.flash / "firmware" / "old").exists()
    assert sorted(line for line in said if line.startswith("removing")) == sorted(f"removing /{name}" for name in old)
    assert said[-1] == "board | info: up: pylon2mqtt 1", "not the old a.py"


def test_what_an_update_over_the_broker_left_does_not_start(empty, tree):
    other = {"b/firmware/a.mpy": "another", "place.txt": "b trial 2 - 0.2.1 " + "5" * 64, "firmware/manifest.part": "x"}
    one = empty(files=other)
    said = run(one, tree)
    assert (one.flash / "place.txt").read_text() == "a\n" and said[-1] == "board | info: up: pylon2mqtt 1"
    assert "removing /firmware/manifest.part" in said and any("note: /place.txt" in line for line in said)
    assert files(one) == ON_BOARD | {"b/firmware/a.mpy"}


class Cut(Exception):
    pass


OLD = {"firmware/gone.mpy": "", "firmware/a.mpy": "old", "main.py": "print('pylon2mqtt: old')"}
BOOTED = re.compile("help|^pylon2mqtt|^info: up")


def restart(board):
    """A power cut and a start -> what is said then."""
    mark = board.line_count
    board.power_cut()
    board.start()
    board.wait_for(BOOTED, after=mark)
    return list(board.lines)[mark - board.line_count :]


def put(board, old):
    """A board on which these files are, and no others, starts."""
    board.power_cut()
    shutil.rmtree(board.flash)
    for name, text in old.items():
        (board.flash / name).parent.mkdir(parents=True, exist_ok=True)
        (board.flash / name).write_text(text)
    restart(board)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["stopped", "power cut"])
def test_interrupted_in_the_middle_of_every_operation_and_repeated(empty, tree, monkeypatch, how):
    """The board was just told to do something: this program ends, or the board's power goes."""
    one = empty()
    send, left = SerialTransport.exec_raw_no_follow, 0

    def cut(transport, command):
        nonlocal left
        left -= 1
        send(transport, command)
        if left == 0:
            raise Cut

    monkeypatch.setattr(SerialTransport, "exec_raw_no_follow", cut)
    for operations in range(1, 200):
        put(one, OLD)
        left = operations
        try:
            run(one, tree)
            break
        except Cut:
            said = restart(one) if how == "power cut" else []
            assert not [line for line in said if "Error" in line], f"half a firmware started: {said}"
            assert run(one, tree)[-1] == "board | info: up: pylon2mqtt 1" and files(one) == ON_BOARD, operations
    assert 40 < operations < 199


STOCK = """\
# This file is executed on every boot (including wake-boot from deepsleep)
#import esp
#esp.osdebug(None)
#import webrepl
#webrepl.start()
"""
REPLACED = (
    ({"boot.py": "mine", "main.py": "mine"}, ["/boot.py", "/main.py"]),
    ({"boot.py": STOCK, "main.py": "x"}, ["/main.py"]),
    ({"boot.py": "ours", "main.py": "ours", "firmware/a.mpy": ""}, []), ({"boot.py": TREE["boot.py"]}, []),
)  # fmt: skip


@pytest.mark.parametrize(("old", "named"), REPLACED, ids=["both", "MicroPython's own", "an older one of ours", "same"])
def test_files_of_another_program_are_named_before_they_are_replaced(empty, tree, old, named):
    said = run(empty(files=old), tree)
    notes = [f"note: {name} on the board is of another program: it is replaced" for name in named]
    assert [line for line in said if line.startswith("note: ")] == notes


@pytest.mark.slow
def test_then_it_boots_and_whole_readings_arrive(empty, broker, mqtt_client):
    with Simulator(packs=2) as battery:
        one = empty(uart=battery.path)
        command = [sys.executable, str(environment.PROJECT / "tools" / "deploy.py"), "--port", one.port]
        first = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert first.returncode == 0, first.stdout + first.stderr
        assert "board | error: the settings cannot be used:" in first.stdout
        settings = {"wifi_ssid": "home", "mqtt_host": broker.host, "mqtt_port": broker.port, "publish_rate": 1}
        (one.flash / "config.json").write_text(json.dumps(settings))
        second = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert second.returncode == 0 and "board | info: up: pylon2mqtt" in second.stdout
        assert "0 to copy, 0 to remove" in second.stdout
        for pack in (1, 2):
            topic = f"PylonToMQTT/Main/stat/readings/Pack{pack}"
            message = mqtt_client.wait_for(lambda m, topic=topic: m.topic == topic, timeout_s=TIMEOUT_S)
            assert json.loads(message.payload)
