"""tools/pylon2mqtt.py: its command line, what it refuses and how, and one whole run against a simulated battery."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest
from tool_process import Tool

from tools import pylon2mqtt
from tools.simulator import Simulator

BASE = ["--pylon_port", "/dev/null"]
MARKER = "s3cret-marker"


@pytest.mark.parametrize(("arguments", "expected"), [
    ([], {}),
    (["--rack_name", "Shed", "--mqtt_host", "h", "--mqtt_port", "1884", "--mqtt_root", "R", "--publish_rate", "5"],
     {"rack_name": "Shed", "mqtt_host": "h", "mqtt_port": 1884, "mqtt_root": "R", "publish_rate": 5}),
    (["--mqtt_user", "u", "--mqtt_pass", "p"], {"mqtt_user": "u", "mqtt_pass": "p"}),
    (["--set", "baud=1200", "--set", "discovery=false", "--set", "mqtt_user=a=b", "--set", 'mqtt_pass="123"'],
     {"baud": 1200, "discovery": False, "mqtt_user": "a=b", "mqtt_pass": "123"}),
    (["--mqtt_port", "1", "--set", "mqtt_port=2", "--set", "wifi_ssid=home"], {"mqtt_port": 2, "wifi_ssid": "home"}),
])  # fmt: skip
def test_settings(arguments, expected, monkeypatch):
    monkeypatch.delenv(pylon2mqtt.PASSWORD_VARIABLE, raising=False)
    given = pylon2mqtt.parser().parse_args([*BASE, *arguments])
    assert pylon2mqtt.settings(given) == {"wifi_ssid": "virtual"} | expected


def test_the_password_comes_from_the_first_of_file_flag_and_variable(tmp_path, monkeypatch):
    file = tmp_path / "password"
    file.write_text("from the file\nanother line\n")
    monkeypatch.setenv(pylon2mqtt.PASSWORD_VARIABLE, "from the variable")
    flag = ["--mqtt_pass", "from the flag"]
    for arguments, password in (([], "from the variable"), (flag, "from the flag"),
                                ([*flag, "--mqtt_pass_file", str(file)], "from the file")):  # fmt: skip
        given = pylon2mqtt.parser().parse_args([*BASE, *arguments])
        assert pylon2mqtt.settings(given)["mqtt_pass"] == password


HOST = ["--mqtt_host", "h"]


@pytest.mark.parametrize(("arguments", "says"), [
    (["--pylon_port", "/dev/ttyNone0", *HOST], r"/dev/ttyNone0 is not there: is it plugged in\?"),
    (["--pylon_port", "ttyUSB0", *HOST], "give the whole path, such as /dev/ttyUSB0"),
    (["--pylon_port", __file__, *HOST], "is not a serial port"),
    ([*BASE, "--set", "x=1", "--publish_rate", "0"], "(?s)x: no such.*mqtt_host: not set.*publish_rate: "),
    ([*BASE, *HOST, "--set", "baud"], "--set baud: write KEY=VALUE"),
    ([*BASE, "--mqtt_pass_file", "/none"], "--mqtt_pass_file: cannot read /none: No such file"),
    ([*BASE, *HOST, "--set", "mqtt_ca=/none"], "mqtt_ca: cannot read /none"),
    ([*BASE, *HOST, "--micropython", "/none"], r"/none \(--micropython .*\) is not a program"),
])  # fmt: skip
def test_what_cannot_work_is_said_at_once(arguments, says, capsys):
    assert pylon2mqtt.main([*arguments, "--mqtt_user", "u", "--mqtt_pass", MARKER]) == 1
    said = capsys.readouterr()
    assert re.search(says, said.err) and MARKER not in said.err + said.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_reads_publishes_and_ends_with_offline(mqtt_client, broker, tmp_path, number):
    with Simulator(packs=1, paced=False) as battery:
        arguments = ["--pylon_port", battery.path, "--mqtt_host", broker.host, "--mqtt_port", str(broker.port),
                     "--rack_name", "Shed", "--publish_rate", "1", "--mqtt_user", "owner", "--mqtt_pass", MARKER,
                     "--set", "log_level=info"]  # fmt: skip
        with Tool("pylon2mqtt.py", *arguments, TMPDIR=str(tmp_path)) as tool:
            assert mqtt_client.wait_topic("Shed/tele/LWT", 60).payload == b"Online"
            assert len(json.loads(mqtt_client.wait_topic("Shed/stat/readings/Pack1", 60).payload)["Cells"]) == 15
            (config,) = tmp_path.glob("pylon2mqtt-*/config.json")
            assert config.stat().st_mode & 0o777 == 0o600 and MARKER in config.read_text()
            os.killpg(tool.process.pid, number)  # as the terminal does: to all of the group
            assert tool.end() == 0
    assert mqtt_client.wait_for(lambda message: message.payload == b"Offline").topic == "PylonToMQTT/Shed/tele/LWT"
    assert MARKER not in tool.output and "Traceback" not in tool.output and "packs" in tool.output
    assert not list(tmp_path.glob("pylon2mqtt-*")) and not list(tmp_path.glob("board-*"))
