"""Updates over a real broker, on the virtual board, with tools/deploy.py at the other side."""

from __future__ import annotations

import argparse
import json
import shutil
import threading

import pytest
from system_helpers import Way

from tools import ToolError, deploy, deploy_mqtt

KEY = "hunter2-key-of-updates"
TOUCHED = ("loop", "led", "rack", "uplink")
SPEED = 8


@pytest.fixture
def tree(project, tmp_path):
    """make(version, touched=modules that differ, **{module with ___ for /: (old, new)}) -> a copy of this project."""

    def make(version="0.2.1", touched=(), **changes):
        tree = tmp_path / f"tree-{version}"
        shutil.copytree(project / "firmware", tree / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("boot.py", "main.py", "place.py", "place.txt"):
            shutil.copyfile(project / name, tree / name)
        for name, (old, new) in {"__init__": ("0.2.0", version), **changes}.items():
            path = tree / "firmware" / f"{name.replace('___', '/')}.py"
            text = path.read_text()
            assert text.count(old) == 1, (name, old)
            path.write_text(text.replace(old, new))
        for name in touched:
            with (tree / "firmware" / f"{name}.py").open("a") as file:
                file.write("\n_TOUCHED = 1\n")
        return tree

    return make


@pytest.fixture
def update(broker, tmp_path, monkeypatch):
    """update(tree, say=…, **options) -> what deploy.py said."""
    monkeypatch.setattr(deploy_mqtt, "PART_TIMEOUT_S", 4)

    def update(tree, say=lambda line: None, key=KEY, **options):
        (tmp_path / "key").write_text(key + "\n")
        said = []

        def note(line):
            said.append(line)
            print(line)
            say(line)

        given = {"mqtt": (broker.host, broker.port), "mqtt_root": "PylonToMQTT", "rack_name": "Main", "force": False,
                 "key_file": tmp_path / "key"}  # fmt: skip
        given |= dict.fromkeys(("mqtt_user", "mqtt_pass_file", "mqtt_ca"))
        deploy.update(argparse.Namespace(**given | options), note, tree)
        return said

    return update


@pytest.fixture
def way(board, broker, mqtt_client, request):
    """A board that takes updates and reads a pack."""
    speed = getattr(request, "param", SPEED)
    with Way(board, broker, mqtt_client, settings={"update_key": KEY}, packs=1, speed=speed) as way:
        way.start()
        way.wait("stat/readings/Pack1")
        yield way


def copied(said):
    return [line.split()[1].removeprefix("/firmware/") for line in said if line.startswith("copying")]


def read(top):
    """-> {name: bytes} of all files below a directory."""
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def contents(one, place=""):
    return read(one.board.flash / place / "firmware")


def version(way, since=0):
    """-> what the next tele/STATE says of the version, and of errors."""
    state = json.loads(way.wait("tele/STATE", since=since).payload)
    return state["Version"], state["LastError"]


JUNK = (b"no JSON", b"[1]", b'{"id":1}', b'{"file":-1,"at":0}', b'{"file":0,"at":1e99}', b'{"file":"0","at":0}',
        b'{"file":{}}', b'{"files":"1"}', b'{"refused":7}', b'{"refused":"\x1b[2J"}', b'{"restart":null}', b"\xff")


def test_one_file_then_none_then_another_place(way, tree, update, mqtt_client):
    new = tree("0.2.1")

    def disturb(line):
        assert line.isprintable()
        for payload in JUNK:
            mqtt_client.publish(way.prefix + "tele/update", payload)
        mqtt_client.publish(way.prefix + "tele/LOG", b"\x1b[2J")

    before = {path.name: path.read_bytes() for path in way.board.flash.iterdir() if path.is_file()}
    said = update(new, disturb)
    assert copied(said) == ["__init__.mpy"] and said[-1] == "it has published stat/readings/Pack1"
    assert set(contents(way)) == set(contents(way, "b")) and (way.board.flash / "place.txt").read_text() == "b"
    assert len(way.board.resets) == 1
    states = way.said("stat/update")
    keys = ("installed_version", "latest_version", "in_progress", "update_percentage")
    assert dict(zip(keys, ("0.2.0", "0.2.1", True, 50), strict=True)) in states
    assert states[-1] == dict(zip(keys, ("0.2.1", "0.2.1", False, None), strict=True))
    assert update(new)[-1] == "nothing to do: the board runs this version, 0.2.1" and len(way.board.resets) == 1
    assert copied(update(tree("0.2.2"))) == ["__init__.mpy"]
    assert (way.board.flash / "place.txt").read_text() == "a" and len(way.board.resets) == 2
    after = {path.name: path.read_bytes() for path in way.board.flash.iterdir() if path.is_file()}
    assert after == before | {"place.txt": b"a"}
    assert way.stop() == 0 and way.complaints() == []


BAD = {
    "crashes at import": ({"app": ("_KEEPALIVE_S = 60", "_KEEPALIVE_S = x")}, "3 starts without success; NameError"),
    "hangs": ({"start": ("import time", "while True: pass")}, "3 starts without success"),
    "never connects": ({"mqtt___session": ("            client.connect()", "            raise OSError(5)"),
                        "update___trial": ("const(600)", "const(60)")}, "no success within 10 minutes"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("how", "way"), [("crashes at import", 8), ("hangs", 20), ("never connects", 16)],
                         indirect=["way"])  # fmt: skip
def test_a_bad_version_goes_back_and_a_good_one_comes_after_it(way, tree, update, how):
    changes, words = BAD[how]
    bad = tree("0.2.1", **changes)
    with pytest.raises(ToolError, match=rf"went back to 0\.2\.0: update to 0\.2\.1 given up: {words}"):
        update(bad)
    before = contents(way)
    with pytest.raises(ToolError, match="given up before"):
        update(bad)
    assert version(way)[0] == "0.2.0" and contents(way) == before
    if how == "crashes at import":
        with pytest.raises(ToolError, match="went back"):
            update(bad, force=True)
    assert update(tree("0.2.3"))[-1].startswith("it has published")
    assert (way.board.flash / "place.txt").read_text() == "b"


def test_the_broker_is_lost_in_the_middle_and_the_update_goes_on(way, tree, update, broker):
    def lose(line):
        if line.startswith("copying") and "(2 of" in line:
            broker.restart()

    said = update(tree(touched=TOUCHED), lose)
    assert len(copied(said)) == 5 and said[-1].startswith("it has published") and len(way.board.resets) == 1


@pytest.mark.slow
def test_interrupted_and_run_again_it_goes_on(way, tree, update):
    new = tree(touched=TOUCHED)

    def interrupt(line):
        if "(4 of" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update(new, interrupt)
    said = update(new)
    assert len(copied(said)) == 2 and said[-1].startswith("it has published")


@pytest.mark.slow
def test_only_the_board_that_is_named(board, broker, mqtt_client, tree, update):
    with Way(board, broker, mqtt_client, "Main", {"update_key": KEY}, packs=1, speed=SPEED) as one, \
         Way(board, broker, mqtt_client, "Other", {"update_key": KEY}, packs=1, speed=SPEED) as other:  # fmt: skip
        for way in (one.start(), other.start()):
            way.wait("stat/readings/Pack1")
        update(tree(), rack_name="Other")
        assert (len(one.board.resets), len(other.board.resets)) == (0, 1)
        assert contents(one, "b") == {} and one.heard("tele/update") == []


@pytest.mark.slow
def test_a_power_cut_on_the_way(way, tree, update):
    """It starts, and the same update goes on. test_update_power_cuts cuts everywhere."""
    new = tree(touched=TOUCHED)
    cut = threading.Event()

    def cut_power(line):
        if line.startswith("copying") and not cut.is_set():
            cut.set()
            threading.Timer(0.2, lambda: (way.board.power_cut(), way.board.start())).start()

    update(new, cut_power)
    assert (way.board.flash / "place.txt").read_text() == "b" and contents(way, "b").keys() == contents(way).keys()
    assert way.complaints() == []


def test_the_key_is_in_no_topic_log_or_file_but_config_json(way, tree, update, mqtt_client):
    said = update(tree())
    assert KEY not in "\n".join([*said, *way.board.lines])
    assert not [m.topic for m in mqtt_client.messages if KEY.encode() in m.topic.encode() + m.payload]
    files = [path for path in way.board.flash.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert [path.name for path in files] == ["config.json"]
