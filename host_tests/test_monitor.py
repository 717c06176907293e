"""tools/monitor.py against a broker with messages published by hand: what it shows, what it refuses, how it ends."""

import json
import re
import socket
import subprocess

import pytest
from monitor_helpers import HEALTH, TOTALS, reading
from mqtt_helpers import Recorder, free_port, mosquitto
from tool_process import Tool

from tools import options

SECRET = "s3cret-marker"
PACK_1, PACK_2 = (("stat/readings/Pack1", reading()), ("stat/readings/Pack2", reading(SOC=55.5)))
LOG = ("tele/LOG", "battery does not answer any more")


def started(port, *arguments, **more):
    """-> a monitor of the broker at this port, as a context manager."""
    return Tool("monitor.py", "--broker", f"127.0.0.1:{port}", *arguments, **{options.PASSWORD_VARIABLE: None, **more})


def publish(client, *messages):
    """Let the rack say something; its last will is retained."""
    for name, said in messages:
        text = said if isinstance(said, str) else json.dumps(said)
        client.publish(f"PylonToMQTT/Main/{name}", text, name == "tele/LWT")


def test_lines_of_a_rack_also_when_the_broker_comes_back(broker, mqtt_client):
    publish(mqtt_client, ("tele/LWT", "Online"))
    with started(broker.port) as tool:
        tool.wait_for(r"device   \| Online")
        publish(mqtt_client, PACK_1, PACK_2, LOG, ("tele/LWT", "Offline"))
        tool.wait_for(r"device   \| Offline")
        broker.restart()
        tool.wait_for("is gone; trying again")
        tool.wait_for("connected again")
        with Recorder(broker.host, broker.port) as another:  # retained: it may not have subscribed yet
            publish(another, ("tele/LWT", "Online"))
            tool.wait_for(r"device   \| Online", count=2)
        assert tool.stop() == 0
    lines = [line[10:] for line in tool.output.splitlines()]
    assert [line[:17] for line in lines if line.startswith("Pack")] == ["Pack 1    82.9 % ", "Pack 2    55.5 % "]
    assert "log      | battery does not answer any more" in lines
    assert all(re.match(r"\d\d:\d\d:\d\d  ", line) for line in tool.output.splitlines())


def test_the_picture_on_a_terminal(broker, mqtt_client):
    with started(broker.port, terminal=True) as tool:
        tool.wait_for("Nothing was published below")
        publish(mqtt_client, ("tele/LWT", "Online"), PACK_1, PACK_2, ("stat/readings/Rack", TOTALS),
                ("tele/STATE", HEALTH), LOG)
        tool.wait_for("battery does not answer any more")
        assert tool.stop() == 0
    live, _, behind = tool.output.partition("\x1b[?1049l")
    assert "\x1b[?1049h" in live and "\x1b[?25h" in tool.output, "the terminal is as it was"
    for part in ("Pylontech Main", "82.9", "55.5", "▁", "214 polls"):
        assert part in behind, f"the last picture stays, with {part}"


def test_nothing_is_published(broker):
    with started(broker.port, "--seconds", "1") as tool:
        assert tool.end() == 1
    assert "no reading in 1 s. Waiting: Nothing was published below PylonToMQTT/Main/" in tool.output


def test_no_broker():
    with started(free_port()) as tool:
        assert tool.end() == 1
    assert "refused. Does the broker run" in tool.output and "Traceback" not in tool.output
    with socket.create_server(("127.0.0.1", 0)) as server:
        with started(server.getsockname()[1]) as tool:
            server.accept()[0].close()
            assert tool.end() == 1
    assert "does not answer as a broker does" in tool.output


@pytest.mark.skipif(mosquitto() is None, reason="needs mosquitto")
def test_passwords(broker_factory, tmp_path):
    file = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(file), "owner", SECRET], check=True, capture_output=True)
    port = broker_factory(f"allow_anonymous false\npassword_file {file}").port
    for arguments, variable, said in (
        (["--user", "owner"], SECRET, "listening"), ([], None, "refuses: .*does it want --user "),
        (["--user", "owner"], SECRET + "x", "refuses: .*check --user "),
    ):
        with started(port, *arguments, **{options.PASSWORD_VARIABLE: variable}) as tool:
            tool.wait_for(said)
            assert (tool.stop() if said == "listening" else tool.end()) == (said != "listening")
        assert SECRET not in tool.output and "Traceback" not in tool.output
