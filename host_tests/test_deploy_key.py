"""tools/deploy.py: a new update_key, set over USB; then it asks over the broker. Who may do what, in words."""

import json
import stat

import paho.mqtt.publish
import pytest
from tool_process import Tool

from tools import deploy, deploy_mqtt
from tools.options import PASSWORD_VARIABLE

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def key_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text("k" * 20)
    (tmp_path / "password").write_text("of the file\n")


@pytest.mark.slow
def test_a_key_is_made_and_set(board, tmp_path):
    settings, path = {"wifi_ssid": "home", "mqtt_host": "127.0.0.1"}, tmp_path / "new" / "key"
    one = board(settings, repl=True)
    with Tool("deploy.py", "--port", one.port, "--new-key", "--key-file", str(path)) as tool:
        assert tool.end() == 0 and f"it is kept in {path}" in tool.output
    key = path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and 16 <= len(key) <= 64
    assert json.loads((one.flash / "config.json").read_text()) == settings | {"update_key": key}
    assert key not in tool.output + "\n".join(one.lines)


# lines of a broker's configuration (None: there is none), arguments, why it ends
@pytest.mark.parametrize(("config", "arguments", "words"), [
    ("", [], "PylonToMQTT/Main does not answer: is it online, is update_key set"),
    ("allow_anonymous false", [], "the broker refuses: "),
    (None, ["--key-file", "no"], "no cannot be read, or is empty. --new-key makes one"),
    (None, [], "broker 127.0.0.1 port 1: "), (None, ["--mqtt_pass_file", "no"], "no cannot be read"),
    (None, ["--mqtt", "127.0.0.1", "--mqtt_ca", "no"], "broker 127.0.0.1 port 8883, with no: "),
    (None, ["--mqtt", "", "--port", "/dev/ttyNone0", "--new-key"], "key holds a key already"),
], ids=str)  # fmt: skip
def test_what_cannot_be(broker_factory, key_file, monkeypatch, capsys, config, arguments, words):
    broker = None if config is None else broker_factory(config)
    if config and not broker.is_mosquitto:
        pytest.skip("amqtt takes everybody")
    if config == "":
        paho.mqtt.publish.single("PylonToMQTT/Main/tele/update", '{"refused": "long ago"}', retain=True,
                                 hostname=broker.host, port=broker.port)  # fmt: skip
    monkeypatch.setattr(deploy_mqtt, "ANSWER_TIMEOUT_S", 0.2)
    where = f"{broker.host}:{broker.port}" if broker else NOWHERE
    assert deploy.main(["--mqtt", where, "--key-file", "key", *arguments]) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(("more", "password"), [
    ([], "of the environment"), (["--mqtt_pass_file", "password"], "of the file"),
])  # fmt: skip
def test_the_password_comes_from_a_file_or_the_environment(key_file, monkeypatch, more, password):
    seen = []
    monkeypatch.setattr(deploy_mqtt.paho.Client, "username_pw_set", lambda _, *words: seen.append(words))
    monkeypatch.setenv(PASSWORD_VARIABLE, "of the environment")
    assert deploy.main(["--mqtt", NOWHERE, "--mqtt_user", "me", "--key-file", "key", *more]) == 1
    assert seen == [("me", password)]
