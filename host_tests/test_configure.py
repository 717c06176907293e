"""tools/configure.py: through mpremote, to a virtual board."""

from __future__ import annotations

import json

import pytest
from tool_process import Tool

from tools import configure

SECRET = "hunter2-12345678"
SETTINGS = {"wifi_ssid": "home", "mqtt_host": "old", "wifi_pass": SECRET}


@pytest.fixture
def run():
    """run(*arguments) -> (exit status, all that was said)."""

    def run(*arguments):
        with Tool("configure.py", *arguments) as tool:
            return tool.end(), tool.output

    return run


def test_set_show_unset_on_a_board_that_runs(board, run):
    one = board(SETTINGS, {"main.py": "import time\nprint('up')\ntime.sleep(1000)\n"}, repl=True)
    one.wait_for("up")
    where = ("--port", one.port)
    status, said = run(*where, "mqtt_host=192.168.2.245", "publish_rate=5", "mqtt_user=me", "mqtt_pass=12345678",
                       "rack_name=Küche", "discovery=false")  # fmt: skip
    assert (status, "saved" in said, SECRET in said) == (0, True, False), said
    saved = json.loads((one.flash / "config.json").read_text())
    assert saved == SETTINGS | {"mqtt_host": "192.168.2.245", "publish_rate": 5, "mqtt_user": "me",
                                "mqtt_pass": "12345678", "rack_name": "Küche", "discovery": False}  # fmt: skip
    one.wait_for("up", after=one.line_count - 1)  # it was started anew
    status, said = run(*where, "--show", "--no-reset")
    assert status == 0 and "192.168.2.245" in said and "***" in said and "publish_rate" in said
    assert SECRET not in said and "12345678" not in said and SECRET not in "\n".join(one.lines)
    status, said = run(*where, "--no-reset", "--unset", "publish_rate", "--unset", "mqtt_pass")
    assert status == 0
    assert set(json.loads((one.flash / "config.json").read_text())) == {
        "wifi_ssid", "wifi_pass", "mqtt_host", "mqtt_user", "rack_name", "discovery"}  # fmt: skip


def test_what_is_wrong_is_named_and_nothing_is_changed(board, run):
    one = board(SETTINGS, {"main.py": ""}, repl=True)
    before = (one.flash / "config.json").read_bytes()
    status, said = run("--port", one.port, "--no-reset", "publish_rate=0", "mqtt_hots=x", f"wifi_pass={SECRET * 9}")
    assert status == 1 and "mqtt_hots: no such setting" in said and SECRET not in said and "Traceback" not in said
    status, said = run("--port", one.port, "--no-reset", "publish_rate=0", "mqtt_host=new", "baud=9601")
    assert status == 1 and "publish_rate: must be" in said and "baud: must be" in said and "saved" not in said
    (one.flash / "config.json").write_text('{\n"mqtt_host" 1}')
    status, said = run("--port", one.port, "--no-reset", "publish_rate=5")
    assert status == 1 and "config.json is not JSON: line 2" in said
    (one.flash / "config.json").write_bytes(before)


def test_a_board_without_firmware(board, run):
    one = board(None, {"main.py": ""}, repl=True)
    status, said = run("--port", one.port, "publish_rate=5")
    assert status == 1 and "tools/deploy.py" in said and "Traceback" not in said


def test_interrupted_while_the_board_works(board):
    slow = "import time\nprint('wor' + 'ks')\ntime.sleep(1000)"
    one = board(None, {"main.py": "print('u' + 'p')", "firmware/__init__.py": "", "firmware/config.py": slow},
                repl=True)  # fmt: skip
    one.wait_for("up")
    with Tool("configure.py", "--port", one.port, "--show") as tool:
        one.wait_for("works")
        mark = one.line_count
        assert tool.stop() == 1
    assert "interrupted. The board starts anew" in tool.output and "Traceback" not in tool.output
    one.wait_for("up", after=mark)


VALUES = (
    ("publish_rate=5", 5), ("publish_rate=fast", "fast"), ("mqtt_tls=true", True), ("led=-2", -2), ("led=off", "off"),
    ("wifi_pass=12345678", "12345678"), ("mqtt_user=", ""), ("mqtt_root=a=b", "a=b"), ("mqtt_port=8883", 8883),
    ("rack_name=true", "true"), ("baud=1200", 1200), ("nobody=5", 5),
    ("publish_rate=NaN", "NaN"), ("publish_rate=-Infinity", "-Infinity"), ("publish_rate=1e400", "1e400"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[row[0] for row in VALUES])
def test_values_have_the_type_of_their_setting(text, value):
    (got,) = configure.changes([text]).values()
    assert got == value and type(got) is type(value)


def test_a_name_alone_is_asked_for():
    asked = []
    assert configure.changes(["wifi_pass"], ask=lambda text: asked.append(text) or SECRET) == {"wifi_pass": SECRET}
    assert asked == ["wifi_pass: "]
