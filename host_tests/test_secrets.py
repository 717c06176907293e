"""Every secret is a mark: the firmware runs, crashes and complains, and the mark is in config.json and nowhere else."""

import re

import pytest
from repl_helpers import mpremote
from system_helpers import START_S, Way
from tool_process import Tool

from firmware.config import SETTINGS

MARK = "hunter2-MARK"
SECRETS = {row[0]: f"{MARK}-{row[0]}" for row in SETTINGS if row[3]}
USER = {"mqtt_user": "owner"}
HEAP = "1M"  # not the point here; what crashes is source
# file, the function that crashes in the first life
PLACES = (
    ("config.py", "def check("), ("app.py", "def build("), ("uplink.py", "def tend("),
    ("mqtt/session.py", "def _connect("), ("mqtt/transport.py", "def connect("), ("mqtt/devices.py", "def see("),
    ("battery/search.py", "def step("), ("battery/pylontech.py", "def read("),
)  # fmt: skip
CRASH = f"import machine\n{{0}}if machine.reset_cause() == 1: raise RuntimeError('{MARK}')"


def crashing(project, name, function):
    """Source of a module in which `function` raises a secret, in the first life."""
    source = (project / "firmware" / name).read_text()
    (head,) = re.findall(rf"^( *)({re.escape(function)}[^:]*:)$", source, re.MULTILINE)
    indent = head[0] + "    "
    return source.replace(head[1], f"{head[1]}\n{indent}{CRASH.format(indent)}", 1)


def leaks(one, messages=(), written=""):
    """-> where the mark was found: console lines, topics and payloads, files but config.json and the one `written`."""
    found = [line for line in one.lines if MARK in line]
    found += [f"{m.topic} {m.payload!r}" for m in messages if MARK.encode() in m.topic.encode() + m.payload]
    files = [path for directory in (one.flash, one.state) for path in directory.rglob("*") if path.is_file()]
    allowed = (one.flash / "config.json", one.flash / written)
    return found + [str(path) for path in files if MARK.encode() in path.read_bytes() and path not in allowed]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "function"), PLACES, ids=["-".join(row) for row in PLACES])
def test_a_crash_tells_where_and_no_secret(board, broker, mqtt_client, project, name, function):
    files = {f"firmware/{name}": crashing(project, name, function)}
    with Way(board, broker, mqtt_client, settings=SECRETS | USER, heap=HEAP, packs=1) as way:
        way.start(files=files)
        one = way.board
        one.wait_for(f"error: RuntimeError in {name}, line ", START_S)
        told = f'"LastError":"RuntimeError in {name}, line '.encode()
        mqtt_client.wait_for(lambda m: m.topic.endswith("tele/STATE") and told in m.payload, START_S)
        way.wait("stat/readings/Pack1")
        assert way.stop() == 0 and len(one.resets) == 1
        assert leaks(one, mqtt_client.messages, f"firmware/{name}") == []
        assert all(value in (one.flash / "config.json").read_text() for value in SECRETS.values())


AT_THE_REPL = (
    "from firmware import config; config.show()",
    f"from firmware import config; config.set(publish_rate=0, wifi_pass='{MARK}' * 9)",
    f"from firmware import config; config.set(mqtt_pass='{MARK}-new')",
    "from firmware import config; config.unset('mqtt_user')",
    "from firmware import setup; setup.ask()",
    "from firmware import diagnose; diagnose.uart()",
)


@pytest.mark.slow
def test_at_the_repl_and_from_the_pc(board, project):
    settings = {"wifi_ssid": "x", "mqtt_host": "127.0.0.1", "mqtt_port": 1, **USER, **SECRETS}
    one = board(settings, repl=True, heap=HEAP, speed=10)
    one.wait_for("warning: broker", 30)
    said = [mpremote(one, "exec", words, check=False) for words in AT_THE_REPL]
    assert "***" in said[0] and "saved" in said[2] and "nothing is missing" in said[4], said
    for tool, *arguments in (("configure.py", "--show"), ("configure.py", "publish_rate=0"), ("deploy.py",)):
        with Tool(tool, "--port", one.port, *arguments) as running:
            running.end()
        said.append(running.output)
    assert "board | info: up: " in said[-1]
    assert MARK not in "\n".join(said) and leaks(one) == []


BROKEN = (
    '{"wifi_ssid": "x", "mqtt_host": "y", "wifi_pass": "%s}', '{"wifi_ssid": "x", "wifi_pass": ["%s"]}', "%s",
    '{"mqtt_host": "y", "wifi_pass" "%s"}', '{"wifi_ssid": "x", "mqtt_host": "y", "mqtt_pass": "%s"}',
)  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_settings_that_cannot_be_used(board, text):
    one = board({}, {"config.json": text.replace("%s", MARK)}, heap=HEAP)
    one.wait_for("the settings cannot be used", 30)
    one.stop()
    assert leaks(one) == []
