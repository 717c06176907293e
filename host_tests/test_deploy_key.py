"""tools/deploy.py: a new update_key, set over USB; then it asks over the broker. Who may do what, in words."""

from __future__ import annotations

import contextlib
import json
import stat
from types import SimpleNamespace

import pytest
from tool_process import Tool

from tools import ToolError, configure, deploy, deploy_mqtt
from tools.options import PASSWORD_VARIABLE
from tools.simulator import Simulator


def run(*arguments):
    with Tool("deploy.py", *map(str, arguments)) as tool:
        return tool.end(), tool.output


@pytest.mark.slow
def test_a_key_is_made_and_set_and_used(board, broker, mqtt_client, tmp_path):
    settings = {"wifi_ssid": "home", "mqtt_host": broker.host, "mqtt_port": broker.port, "rack_name": "Küche"}
    path = tmp_path / "new" / "key"
    with Simulator(packs=1, paced=False) as battery:
        one = board(settings, repl=True, uart=battery.path)
        status, said = run("--port", one.port, "--new-key", "--key-file", path)
        key = path.read_text().strip()
        assert status == 0 and key not in said and f"it is kept in {path}" in said
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and 16 <= len(key) <= 64
        assert json.loads((one.flash / "config.json").read_text()) == settings | {"update_key": key}
        status, again = run("--port", one.port, "--new-key", "--key-file", path)
        assert status == 1 and "holds a key already" in again and path.read_text().strip() == key
        mqtt_client.wait_topic("Küche/stat/readings/Pack1", 60)
        status, said = run("--mqtt", f"{broker.host}:{broker.port}", "--key-file", path, "--rack_name", "Küche")
        assert status == 0 and "0 to copy, 0 to remove" in said and "nothing to do: the board runs this version" in said
        assert key not in said + "\n".join(one.lines)


def test_a_board_that_does_not_answer(broker, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(deploy_mqtt, "ANSWER_TIMEOUT_S", 0.2)
    (tmp_path / "key").write_text("k" * 20)
    assert deploy.main(["--mqtt", f"{broker.host}:{broker.port}", "--key-file", str(tmp_path / "key")]) == 1
    assert "PylonToMQTT/Main does not answer (nothing is known of it): is update_key set" in capsys.readouterr().err


def test_a_broker_that_refuses(broker_factory, tmp_path, capsys):
    broker = broker_factory("allow_anonymous false")
    if not broker.is_mosquitto:
        pytest.skip("amqtt takes everybody")
    (tmp_path / "key").write_text("k" * 20)
    assert deploy.main(["--mqtt", f"{broker.host}:{broker.port}", "--key-file", str(tmp_path / "key")]) == 1
    assert "the broker refuses: " in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "words"), [
    (["--mqtt", "127.0.0.1:1", "--key-file", "no"], "no cannot be read, or is empty. --new-key makes one"),
    (["--mqtt", "127.0.0.1:1", "--key-file", "key"], "broker 127.0.0.1 port 1: "),
    (["--mqtt", "127.0.0.1:1", "--key-file", "key", "--mqtt_pass_file", "no"], "no cannot be read"),
    (["--mqtt", "127.0.0.1", "--key-file", "key", "--mqtt_ca", "no"], "broker 127.0.0.1 port 8883, with no: "),
    (["--new-key", "--key-file", "key"], "key holds a key already"),
], ids=str)  # fmt: skip
def test_what_cannot_be(tmp_path, monkeypatch, capsys, arguments, words):
    (tmp_path / "key").write_text("k" * 20)
    monkeypatch.chdir(tmp_path)
    assert deploy.main(arguments) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("from_file", [False, True])
def test_the_password_comes_from_a_file_or_the_environment(tmp_path, monkeypatch, from_file):
    (tmp_path / "key").write_text("k" * 20)
    (tmp_path / "password").write_text("of the file\n")
    seen = []

    def link(given, password):
        seen.append((given.mqtt_user, password))
        return contextlib.nullcontext(SimpleNamespace(prefix="x/"))

    monkeypatch.setattr(deploy_mqtt, "Link", link)
    monkeypatch.setattr(deploy_mqtt, "Update", lambda *_: SimpleNamespace(run=lambda: None))
    monkeypatch.setenv(PASSWORD_VARIABLE, "of the environment")
    more = ["--mqtt_pass_file", str(tmp_path / "password")] if from_file else []
    assert deploy.main(["--mqtt", "x", "--mqtt_user", "me", "--key-file", str(tmp_path / "key"), *more]) == 0
    assert seen == [("me", "of the file" if from_file else "of the environment")]


def test_a_key_that_could_not_be_set_is_not_kept(tmp_path, monkeypatch):
    def broken_off(*_, **__):
        raise ToolError("the connection broke off")

    monkeypatch.setattr(configure, "on_board", broken_off)
    with pytest.raises(ToolError, match="broke off"):
        deploy.new_key("/dev/ttyNone0", tmp_path / "key")
    assert not (tmp_path / "key").exists()
