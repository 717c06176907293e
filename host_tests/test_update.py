"""Updates over a real broker, on the virtual board, with tools/deploy.py on the other side."""

from __future__ import annotations

import argparse
import shutil
import time

import pytest
from system_helpers import Way

from tools import deploy
from tools.deploy_mqtt import ANSWER

KEY = "k" * 20


@pytest.fixture
def tree(project, tmp_path):
    """A copy of this project, whose version is another one."""
    tree = tmp_path / "tree"
    shutil.copytree(project / "firmware", tree / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("boot.py", "main.py", "place.py", "place.txt"):
        shutil.copyfile(project / name, tree / name)
    init = tree / "firmware" / "__init__.py"
    init.write_text(init.read_text().replace("0.2.0", "0.2.1"))
    return tree


@pytest.fixture
def update(broker, tmp_path):
    """update(tree, **options) -> what deploy.py said."""
    key = tmp_path / "key"
    key.write_text(KEY + "\n")

    def update(tree, **options):
        said = []
        given = {"mqtt": (broker.host, broker.port), "mqtt_user": None, "mqtt_pass_file": None, "mqtt_ca": None,
                 "mqtt_root": "PylonToMQTT", "rack_name": "Main", "force": False, "key_file": key}  # fmt: skip
        deploy.update(argparse.Namespace(**given | options), said.append, tree)
        print("\n".join(said))
        return said

    return update


def test_whole(board, broker, mqtt_client, tree, update):
    with Way(board, broker, mqtt_client, settings={"update_key": KEY}, packs=2) as way:
        way.start()
        way.wait("stat/readings/Rack")
        began = time.monotonic()
        said = update(tree)
        print(time.monotonic() - began)
        assert said[-1].startswith("it has published stat/readings/Pack")
        print([m.payload for m in way.heard(ANSWER)][-10:])


@pytest.mark.parametrize("dialect", ["framed", "console"])
def test_sixteen(board, broker, mqtt_client, tree, update, dialect, monkeypatch):
    import os
    heap = os.environ.get("H", "chip")
    with Way(board, broker, mqtt_client, settings={"update_key": KEY, "discovery": True, "dialect": dialect}, packs=16, dialect=dialect, heap=heap) as way:
        way.start()
        way.wait("stat/readings/Rack", 90)
        mqtt_client.wait_topic("Pack16/config", 90)
        for p in (tree / "firmware").rglob("*.py"):
            p.write_text(p.read_text()+"\n_X = 1\n")
        began = time.monotonic()
        said = update(tree)
        print("TOOK", time.monotonic() - began)
        states = [m.payload for m in way.heard("tele/STATE")]
        import json
        print([json.loads(p)["HeapFree"] for p in states])
        print([l for l in way.board.lines if "emory" in l], way.board.resets)
