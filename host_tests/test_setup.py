"""setup.py: asks for what is missing, and for nothing else."""

import importlib
import json
import sys

import pytest
from fake_network import Network, point
from fakes import Clock

from firmware import config

NEEDED = {"wifi_ssid": "home", "wifi_pass": "", "mqtt_host": "broker", "mqtt_user": ""}
KEY = "its password"


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """ask(answers, air=names in reach, refuses=a step of the radio, **settings) -> (the file then, the questions)."""
    path = tmp_path / "config.json"

    def ask(answers, air="", refuses=(), **given):
        radio = Network(Clock())
        radio.refuses = refuses
        radio.air = [point(name=name.encode("latin-1"), signal=-40 - 10 * at) for at, name in enumerate(air)][::-1]
        monkeypatch.setitem(sys.modules, "network", radio)
        monkeypatch.delitem(sys.modules, "firmware.setup", raising=False)
        monkeypatch.setattr(config, "PATH", str(path))
        if given:
            path.write_text(json.dumps(given))
        left, questions = list(answers), []

        def answer(question):
            questions.append(question.split(",")[0])
            if left[0] is KeyboardInterrupt:
                raise KeyboardInterrupt
            return left.pop(0)

        importlib.import_module("firmware.setup").ask(answer)
        assert not left, "not asked for"
        return json.loads(path.read_text()) if path.exists() else {}, questions

    return ask


@pytest.mark.parametrize(("given", "asked"), [
    (NEEDED, {}), (NEEDED | {"mqtt_host": None}, {"mqtt_host": "broker"}),
    (NEEDED | {"mqtt_user": "me"}, {"mqtt_pass": "secret"}),
    ({"network": "wt32-eth01"}, {"mqtt_host": "broker", "mqtt_user": ""}),
    ({"rack_name": "x"}, {**NEEDED, "wifi_pass": KEY, "mqtt_user": "me", "mqtt_pass": "secret"}),
])  # fmt: skip
def test_what_is_there_or_not_needed_is_not_asked_for(ask, given, asked):
    assert ask(asked.values(), **given) == (given | asked, list(asked))


@pytest.mark.parametrize(("typed", "name", "air"), [
    (["2"], "b", ["a", "", "\xff", "a", "b"]), (["b"], "b", "ab"), (["hidden"], "hidden", "ab"), (["7"], "7", ""),
    (["2"], "2", "ax2"), (["3", "0", "12345", "b"], "b", "ab"),
])  # fmt: skip
def test_number_or_name(ask, typed, name, air, capsys):
    assert ask([*typed, "", "x", ""], air)[0]["wifi_ssid"] == name
    assert not air or "  1  a\n  2  " in capsys.readouterr().out


def test_wrong_answers_are_asked_again(ask, capsys):
    saved, questions = ask(["", "x" * 33, "home", "k" * 64, "short", KEY, "a b", "broker", "me", "secret"])
    assert questions == ["wifi_ssid"] * 3 + ["wifi_pass"] * 3 + ["mqtt_host"] * 2 + ["mqtt_user", "mqtt_pass"]
    said = capsys.readouterr().out
    assert saved["wifi_pass"] == KEY and "k" * 64 not in said and "secret" not in said


def test_ctrl_c_saves_nothing_and_a_broken_file_is_left_alone(ask, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        ask(["home", KEY, KeyboardInterrupt])
    assert not list(tmp_path.iterdir())
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(config.ConfigError, match="line 1"):
        ask([])
    assert (tmp_path / "config.json").read_text() == "{"


@pytest.mark.parametrize("step", ["active", "scan"])
def test_a_radio_that_cannot_list(ask, step):
    assert ask(["home", "", "x", ""], "ab", (step,))[0]["wifi_ssid"] == "home"
