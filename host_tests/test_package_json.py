"""package.json names exactly the files that go onto the board, and mpremote installs from it a firmware that runs."""

import json

import pytest
from repl_helpers import mpremote

from tools import deploy_package
from tools.simulator import Simulator

LAST_ANSWER = "stat/parameters"  # of the questions that are asked now and then


def test_it_is_the_list_of_this_tree(project):
    assert (project / "package.json").read_text() == deploy_package.package(), (
        "the files of the firmware have changed: python3 tools/deploy_package.py"
    )


@pytest.mark.parametrize("before", [
    {}, {"place.txt": "b trial 1 - 0.2.1 " + "5" * 64, "b/firmware/start.py": "nonsense", "firmware/manifest.part": "x",
         "firmware/loop.mpy": "nonsense", "place.mpy": "nonsense"},
], ids=["an empty board", "over what updates and deploy.py left"])  # fmt: skip
def test_mip_installs_it_and_it_runs(project, board, broker, mqtt_client, before):
    with Simulator(packs=2, baud=4800, paced=False) as battery:
        one = board(repl=True, uart=battery.path, heap="200k", files=before)  # 80 KB of it to compile the sources
        one.wait_for("help()")
        mpremote(one, "mip", "install", "--target", "/", str(project / "package.json"))
        for target, _ in json.loads((project / "package.json").read_text())["urls"]:
            assert (one.flash / target).read_bytes() == (project / target).read_bytes()
        settings = {"wifi_ssid": "home", "mqtt_host": broker.host, "mqtt_port": broker.port, "publish_rate": 1}
        (one.flash / "config.json").write_text(json.dumps(settings))
        mpremote(one, "reset")
        for pack in (1, 2):
            assert json.loads(mqtt_client.wait_topic(f"stat/readings/Pack{pack}", 40).payload)["PackVoltage"]
            mqtt_client.wait_topic(f"_Pack{pack}/config")
        mqtt_client.wait_topic(LAST_ANSWER)
        mqtt_client.wait_topic("stat/readings/Pack2", after=len(mqtt_client.messages))  # and it goes on
        assert one.resets.count(2) == 1, "only the one that was asked for"
