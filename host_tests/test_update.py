"""Updates over a real broker, on the virtual board, with tools/deploy.py at the other side."""

import argparse
import json
import shutil
import threading

import pytest
import test_tls
from mqtt_helpers import Recorder
from system_helpers import Way, now
from test_deploy import copied, read

from tools import ToolError, deploy, deploy_mqtt
from tools.simulator import Simulator
from tools.virtual_board import layout

certificates, time_server, tls_board = test_tls.certificates, test_tls.time_server, test_tls.tls_board
KEY = "hunter2-key-of-updates"
SPEED = 8
START_S, ALL = 60, 99  # more modules than there are
SPARE_BYTES = 1500  # that are left when it is at its largest
DONE = "it has published stat/readings/Pack1"
LATE = pytest.mark.slow


@pytest.fixture
def tree(project, tmp_path):
    """make(version, count of modules that differ, {module: (old text, new text)}) -> a copy of this project."""

    def make(version="0.2.1", touched=0, changes=()):
        tree = tmp_path / f"tree-{version}"
        shutil.copytree(project / "firmware", tree / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
        for name in (*layout.TOP_FILES, layout.PLACE):
            shutil.copyfile(project / name, tree / name)
        for name, (old, new) in {"__init__": ("0.2.0", version), **dict(changes)}.items():
            path = tree / "firmware" / f"{name}.py"
            assert path.read_text().count(old) == 1, (name, old)
            path.write_text(path.read_text().replace(old, new))
        modules = {*(tree / "firmware").rglob("*.py")} - {*(tree / "firmware").rglob("__init__.py")}
        for path in sorted(modules)[:touched]:
            path.write_text(path.read_text() + "\n_TOUCHED = 1\n")
        return tree

    return make


@pytest.fixture
def update(broker, tmp_path, monkeypatch):
    """update(tree, say=…, **options) -> what deploy.py said."""
    monkeypatch.setattr(deploy_mqtt, "PART_TIMEOUT_S", 4)
    given = {"mqtt": (broker.host, broker.port), "mqtt_root": "PylonToMQTT", "rack_name": "Main", "force": False,
             "key_file": tmp_path / "key", "mqtt_user": None, "mqtt_pass_file": None, "mqtt_ca": None}  # fmt: skip

    def update(tree, say=print, key=KEY, **options):
        (tmp_path / "key").write_text(key + "\n")
        said = []
        deploy.update(argparse.Namespace(**given | options), lambda line: (said.append(line), say(line)), tree)
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


def top_files(way):
    return {name: data for name, data in read(way.board.flash).items() if "/" not in name}


JUNK = (b"no JSON", b"[1]", b'{"id":1}', b'{"file":-1,"at":0}', b'{"file":0,"at":1e99}', b'{"file":{}}',
        b'{"files":"1"}', b'{"refused":"\x1b[2J"}', b'{"restart":null}', b"\xff")  # fmt: skip


def test_one_file_then_none_then_another_place(way, tree, update, mqtt_client):
    """The key stays where it is; junk in its topic disturbs nobody."""
    new, before, flash = tree("0.2.1"), top_files(way), way.board.flash

    def disturb(line):
        assert line.isprintable()
        for payload in JUNK:
            mqtt_client.publish(way.prefix + "tele/update", payload)

    said = update(new, disturb)
    assert copied(said) == ["firmware/__init__.mpy"] and said[-1] == DONE and len(way.board.resets) == 1
    assert read(flash / "firmware").keys() == read(flash / "b/firmware").keys()
    assert top_files(way) == before | {"place.txt": b"b"}
    states = way.said("stat/update")
    keys = ("installed_version", "latest_version", "in_progress", "update_percentage")
    assert dict(zip(keys, ("0.2.0", "0.2.1", True, 50), strict=True)) in states
    assert states[-1] == dict(zip(keys, ("0.2.1", "0.2.1", False, None), strict=True))
    assert update(new)[-1] == "nothing to do: the board runs this version, 0.2.1" and len(way.board.resets) == 1
    assert copied(update(tree("0.2.2"))) == ["firmware/__init__.mpy"]
    assert top_files(way) == before | {"place.txt": b"a"} and len(way.board.resets) == 2
    assert KEY not in "\n".join([*said, *way.board.lines])
    assert not [m.topic for m in mqtt_client.messages if KEY.encode() in m.topic.encode() + m.payload]
    assert [name for name, data in read(flash).items() if KEY.encode() in data] == ["config.json"]
    assert way.stop() == 0 and way.complaints() == [] and way.judged().wrong == []


# speed of the board; what is wrong with a version; what is said of it
@LATE
@pytest.mark.parametrize(("way", "changes", "words"), [
    (8, {"app": ("_KEEPALIVE_S = 60", "_KEEPALIVE_S = x")}, "3 starts without success; NameError"),
    (20, {"start": ("import time", "while True: pass")}, "3 starts without success"),
    (16, {"mqtt/session": ("            client.connect()", "            raise OSError(5)"),
          "update/trial": ("const(600)", "const(60)")}, "no success within 10 minutes"),
], indirect=["way"], ids=["crashes at import", "hangs", "never connects"])  # fmt: skip
def test_a_bad_version_goes_back_and_a_good_one_comes_after_it(way, tree, update, changes, words):
    bad, firmware = tree("0.2.1", changes=changes), way.board.flash / "firmware"
    with pytest.raises(ToolError, match=rf"went back to 0\.2\.0: update to 0\.2\.1 given up: {words}"):
        update(bad)
    before = read(firmware)
    with pytest.raises(ToolError, match="given up before"):
        update(bad)
    assert json.loads(way.wait("tele/STATE").payload)["Version"] == "0.2.0" and read(firmware) == before
    if "NameError" in words:
        with pytest.raises(ToolError, match="went back"):
            update(bad, force=True)
    assert update(tree("0.2.3"))[-1] == DONE and top_files(way)["place.txt"] == b"b"


@pytest.mark.parametrize("what", ["broker", pytest.param("deploy", marks=LATE), pytest.param("power", marks=LATE)])
def test_interrupted_in_the_middle_it_goes_on(way, tree, update, broker, what):
    """The broker is lost; deploy.py ends and is run again; the power is cut: test_update_power_cuts cuts everywhere."""
    new, once = tree(touched=4), threading.Event()

    def interrupt(line):
        if "(3 of" in line and not once.is_set():
            once.set()
            if what == "broker":
                broker.restart()
            elif what == "deploy":
                raise KeyboardInterrupt
            else:
                threading.Timer(0.2, lambda: (way.board.power_cut(), way.board.start())).start()

    try:
        said = update(new, interrupt)
    except KeyboardInterrupt:
        said = update(new)
    assert len({*copied(said)}) == (3 if what == "deploy" else 5) and said[-1] == DONE
    assert top_files(way)["place.txt"] == b"b" and way.complaints() == []


@LATE
def test_only_the_board_that_is_named(board, broker, mqtt_client, tree, update):
    with Way(board, broker, mqtt_client, "Main", {"update_key": KEY}, packs=1, speed=SPEED) as one, \
         Way(board, broker, mqtt_client, "Other", {"update_key": KEY}, packs=1, speed=SPEED) as other:  # fmt: skip
        for way in (one.start(), other.start()):
            way.wait("stat/readings/Pack1")
        update(tree(), rack_name="Other")
        assert (len(one.board.resets), len(other.board.resets)) == (0, 1)
        assert not (one.board.flash / "b").exists() and one.heard("tele/update") == []


@LATE
@pytest.mark.parametrize("dialect", ["framed", "console"])
def test_all_files_in_the_memory_of_an_esp32_beside_sixteen_packs(board, broker, mqtt_client, tree, update, dialect):
    settings = {"update_key": KEY, "discovery": True, "dialect": dialect}
    heap = str(layout.CHIP_HEAP - SPARE_BYTES)
    with Way(board, broker, mqtt_client, settings=settings, heap=heap, packs=16, dialect=dialect, speed=4) as way:
        way.start()
        mqtt_client.wait_topic("_Pack16/config", START_S)
        way.wait("stat/readings/Rack", START_S)
        began = now()
        said = update(tree(touched=ALL))
        assert len(copied(said)) > 40 and said[-1].startswith("it has published")
        assert len(way.board.resets) == 1 and way.complaints() == []
        (restart,) = [message.time for message in way.heard("tele/update") if b"restart" in message.payload]
        read_meanwhile = {m.topic for m in way.heard("stat/readings/Pack", since=began) if m.time < restart}
        assert len(read_meanwhile) == 16, "polling goes on"
        assert not [line for line in [*said, *way.board.lines] if "memory" in line], "at the first try"


@LATE
@test_tls.pytestmark[0]
@test_tls.pytestmark[1]
def test_all_files_over_tls(tls_board, certificates, tree, update):
    """The board's connection and that of deploy.py."""
    with Simulator(packs=2, paced=False, speed=4) as battery:
        one = tls_board(uart=battery.path, speed=4, settings={"update_key": KEY})
        with Recorder("127.0.0.1", one.plain_port) as recorder:
            recorder.wait_topic("stat/readings/Rack", START_S)
            new, where = tree(touched=ALL), ("localhost", one.broker.port)
            with pytest.raises(ToolError, match=r"other-ca\.pem: .*certificate verify failed"):
                update(new, mqtt=where, mqtt_ca=str(certificates / "other-ca.pem"))
            said = update(new, mqtt=where, mqtt_ca=str(certificates / "ca.pem"))
        assert len(copied(said)) > 40 and said[-1].startswith("it has published")
        assert len(one.resets) == 1 and not [line for line in one.lines if "emory" in line]
