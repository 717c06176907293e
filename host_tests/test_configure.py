"""tools/configure.py: through mpremote, to a virtual board."""

import json

import pytest
from tool_process import Tool

from firmware import config
from tools import configure

SECRET = "hunter2-12345678"
SETTINGS = {"wifi_ssid": "home", "mqtt_host": "old", "wifi_pass": SECRET}


def run(one, *arguments):
    """-> (exit status, all that was said)."""
    with Tool("configure.py", "--port", one.port, *arguments) as tool:
        status = tool.end()
    assert SECRET not in tool.output and SECRET not in "\n".join(one.lines) and "Traceback" not in tool.output
    return status, tool.output


def test_set_show_unset_and_what_is_wrong(board):
    one = board(SETTINGS, {"main.py": "import time\nprint('up')\ntime.sleep(1000)\n"}, repl=True)
    saved_in = one.flash / "config.json"
    one.wait_for("up")
    status, said = run(one, "mqtt_host=192.168.2.245", "publish_rate=5", "mqtt_user=me", "mqtt_pass=12345678",
                       "rack_name=Küche", "discovery=false")  # fmt: skip
    assert (status, "saved" in said) == (0, True), said
    saved = {"mqtt_host": "192.168.2.245", "publish_rate": 5, "mqtt_user": "me", "mqtt_pass": "12345678",
             "rack_name": "Küche", "discovery": False}  # fmt: skip
    assert json.loads(saved_in.read_text()) == SETTINGS | saved
    one.wait_for("up", after=one.line_count - 1)  # it was started anew
    status, said = run(one, "--show")
    assert status == 0 and "192.168.2.245" in said and "***" in said and "12345678" not in said
    assert run(one, "--unset", "publish_rate", "--unset", "mqtt_pass")[0] == 0
    assert json.loads(saved_in.read_text()).keys() == (SETTINGS | saved).keys() - {"publish_rate", "mqtt_pass"}
    before = saved_in.read_bytes()
    status, said = run(one, "mqtt_host=x", "mqtt_hots=x", f"wifi_pass={SECRET * 9}")
    assert status == 1 and "mqtt_hots: no such setting" in said and saved_in.read_bytes() == before


def test_a_board_without_firmware(board):
    status, said = run(board(None, repl=True), "publish_rate=5")
    assert status == 1 and "tools/deploy.py" in said


@pytest.mark.parametrize(("text", "value"), [
    ("publish_rate=5", 5), ("publish_rate=fast", "fast"), ("mqtt_tls=true", True), ("led=-2", -2), ("led=off", "off"),
    ("wifi_pass=12345678", "12345678"), ("mqtt_user=", ""), ("mqtt_root=a=b", "a=b"), ("publish_rate=NaN", "NaN"),
    ("publish_rate=1e400", "1e400"), ("wifi_pass", SECRET),
])  # fmt: skip
def test_values_have_the_type_of_their_setting_and_a_name_alone_is_asked_for(text, value):
    (got,) = configure.changes([text], ask={"wifi_pass: ": SECRET}.get).values()
    assert got == value and type(got) is type(value)


def test_the_example_has_every_setting_with_its_default_in_the_order_of_the_table(project):
    example = json.loads((project / "config.json.example").read_text())
    assert list(example) == [row[0] for row in config.SETTINGS]
    assert config.check(example) == config.load(str(project / "config.json.example"))
    others = [key for key, default, *_ in config.SETTINGS if example[key] != default]
    assert others == ["wifi_ssid", "wifi_pass", "mqtt_host"]
