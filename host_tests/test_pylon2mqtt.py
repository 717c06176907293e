"""tools/pylon2mqtt.py: its command line, what it refuses and how, and one whole run against a simulated battery."""

import json
import os
import re
import signal

import pytest
from tool_process import Tool

from tools import pylon2mqtt
from tools.simulator import Simulator

BASE, HOST = ["--pylon_port", "/dev/null"], ["--mqtt_host", "h"]
MARKER = "s3cret-marker"
FLAG, FILE = ["--mqtt_pass", "from the flag"], ["--mqtt_pass_file", "password"]


@pytest.mark.parametrize(("arguments", "variable", "expected"), [
    (["--rack_name", "Shed", "--mqtt_host", "h", "--mqtt_port", "1884", "--mqtt_root", "R", "--publish_rate", "5"], "",
     {"rack_name": "Shed", "mqtt_host": "h", "mqtt_port": 1884, "mqtt_root": "R", "publish_rate": 5}),
    (["--set", "baud=1200", "--set", "discovery=false", "--set", "mqtt_user=a=b", "--set", 'mqtt_pass="123"'], "",
     {"baud": 1200, "discovery": False, "mqtt_user": "a=b", "mqtt_pass": "123"}),
    ([], "from the variable", {"mqtt_pass": "from the variable"}),
    (FLAG, "from the variable", {"mqtt_pass": "from the flag"}),
    (FLAG + FILE, "from the variable", {"mqtt_pass": "from the file"}),
])  # fmt: skip
def test_settings(arguments, variable, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text("from the file\nanother line\n")
    monkeypatch.setenv(pylon2mqtt.PASSWORD_VARIABLE, variable)
    given = pylon2mqtt.parser().parse_args([*BASE, *arguments])
    assert pylon2mqtt.settings(given) == {"wifi_ssid": "virtual"} | expected


@pytest.mark.parametrize(("arguments", "says"), [
    (["--pylon_port", "/dev/ttyNone0", *HOST], r"/dev/ttyNone0 is not there: is it plugged in\?"),
    (["--pylon_port", "ttyUSB0", *HOST], "give the whole path, such as /dev/ttyUSB0"),
    ([*BASE, "--set", "x=1", "--publish_rate", "0"], "(?s)x: no such.*mqtt_host: not set.*publish_rate: "),
    ([*BASE, "--set", "baud"], "--set baud: write KEY=VALUE"),
    ([*BASE, *HOST, "--set", "mqtt_ca=/none"], "mqtt_ca: cannot read /none: No such file"),
    (["--pylon_port", "/dev/ptmx", *HOST, "--micropython", "/none"], r"/none \(--micropython .*\) is not a program"),
])  # fmt: skip
def test_what_cannot_work_is_said_at_once(arguments, says, capsys):
    assert pylon2mqtt.main([*arguments, "--mqtt_user", "u", "--mqtt_pass", MARKER]) == 1
    said = capsys.readouterr()
    assert re.search(says, said.err) and MARKER not in said.err + said.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_reads_publishes_and_ends_with_offline(mqtt_client, broker, tmp_path, number):
    arguments = ["--mqtt_host", broker.host, "--mqtt_port", str(broker.port), "--rack_name", "Shed", "--publish_rate",
                 "1", "--mqtt_user", "owner", "--mqtt_pass", MARKER, "--set", "log_level=info"]  # fmt: skip
    with Simulator(packs=1, paced=False) as battery:
        with Tool("pylon2mqtt.py", "--pylon_port", battery.path, *arguments, TMPDIR=str(tmp_path)) as tool:
            assert mqtt_client.wait_topic("Shed/tele/LWT", 60).payload == b"Online"
            assert len(json.loads(mqtt_client.wait_topic("Shed/stat/readings/Pack1", 60).payload)["Cells"]) == 15
            (config,) = tmp_path.glob("pylon2mqtt-*/config.json")
            assert config.stat().st_mode & 0o777 == 0o600 and MARKER in config.read_text()
            os.killpg(tool.process.pid, number)  # as the terminal does: to all of the group
            assert tool.end() == 0
    assert mqtt_client.wait_for(lambda message: message.payload == b"Offline").topic == "PylonToMQTT/Shed/tele/LWT"
    assert MARKER not in tool.output and "Traceback" not in tool.output and "packs" in tool.output
    assert not list(tmp_path.glob("pylon2mqtt-*")) and not list(tmp_path.glob("board-*"))
