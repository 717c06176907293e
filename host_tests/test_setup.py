"""setup.py: asks for what is missing, and for nothing else."""

from __future__ import annotations

import importlib
import json
import os
import sys
import types

import pytest

from firmware import config

NEEDED = {"wifi_ssid": "home", "wifi_pass": "", "mqtt_host": "broker", "mqtt_user": ""}


def scanned(*names):
    return [(name, b"123456", 6, strength, 3, False) for name, strength in names]


class Radio:
    def __init__(self, found=(), fails=False):
        self.found, self.fails, self.calls = found, fails, []

    def __call__(self, interface):
        return self

    def active(self, on):
        if self.fails:
            raise OSError("Wifi Unknown Error 0x0101")
        self.calls.append("on")

    def isconnected(self):
        return False

    def disconnect(self):
        self.calls.append("disconnect")

    def scan(self):
        self.calls.append("scan")
        return list(self.found)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """ask(answers, radio, **settings in the file) -> (the file as it is then, the questions)."""

    def ask(answers, radio=None, **given):
        driver = types.SimpleNamespace(WLAN=radio or Radio(), STA_IF=0)
        monkeypatch.setitem(sys.modules, "network", driver)
        monkeypatch.delitem(sys.modules, "firmware.setup", raising=False)
        path = tmp_path / "config.json"
        monkeypatch.setattr(config, "PATH", str(path))
        if given:
            path.write_text(json.dumps(given))
        setup = importlib.import_module("firmware.setup")
        left, questions = list(answers), []

        def answer(question):
            questions.append(question.split(",")[0])
            if left[0] is KeyboardInterrupt:
                raise KeyboardInterrupt
            return left.pop(0)

        try:
            setup.ask(answer)
        finally:
            ask.questions = questions
        assert not left, "not asked for"
        return json.loads(path.read_text()) if path.exists() else {}, questions

    return ask


def test_all_that_is_missing_is_asked(ask, capsys):
    radio = Radio(scanned((b"far", -80), (b"near", -40), (b"near", -70), (b"", -30), (b"\xff", -30)))
    saved, questions = ask(["1", "its key.", "broker", "me", "secret"], radio)
    assert questions == ["wifi_ssid", "wifi_pass", "mqtt_host", "mqtt_user", "mqtt_pass"]
    assert saved == {"wifi_ssid": "near", "wifi_pass": "its key.", "mqtt_host": "broker", "mqtt_user": "me",
                     "mqtt_pass": "secret"}  # fmt: skip
    said = capsys.readouterr().out
    assert "  1  near\n  2  far\n" in said and "secret" not in said and "saved" in said
    assert radio.calls == ["on", "disconnect", "scan"]


def test_what_is_there_is_not_asked_for(ask, capsys):
    assert ask([], **NEEDED) == (NEEDED, [])
    assert "nothing is missing" in capsys.readouterr().out
    saved, questions = ask(["broker"], **{**NEEDED, "mqtt_host": None})
    assert (saved, questions) == (NEEDED, ["mqtt_host"])


def test_without_a_user_no_password_is_asked_for(ask):
    assert ask([""], wifi_ssid="a", wifi_pass="", mqtt_host="b")[1] == ["mqtt_user"]


@pytest.mark.parametrize(("typed", "name", "there"), [
    ("2", "b", "ab"), ("b", "b", "ab"), ("hidden", "hidden", "ab"), ("7", "7", ""), ("2", "2", "ax2"),
])  # fmt: skip
def test_number_or_name(ask, typed, name, there):
    """A name that is a number comes before the number of a name; where no network is listed a number is a name."""
    radio = Radio(scanned(*[(one.encode(), -40 - 10 * at) for at, one in enumerate(there)]))
    assert ask([typed, "", "x", ""], radio)[0]["wifi_ssid"] == name


@pytest.mark.parametrize("typed", ["3", "0", "12345"])
def test_a_number_of_no_network_is_asked_again(ask, typed, capsys):
    saved, questions = ask([typed, "b", "", "x", ""], Radio(scanned((b"a", -40), (b"b", -50))))
    assert saved["wifi_ssid"] == "b" and questions.count("wifi_ssid") == 2
    assert f"wifi_ssid has no number {typed} above" in capsys.readouterr().out





def test_wrong_answers_are_asked_again(ask, capsys):
    saved, questions = ask(["", "x" * 33, "home", "k" * 64, "its key.", "a b", "broker", ""])
    assert questions == ["wifi_ssid"] * 3 + ["wifi_pass"] * 2 + ["mqtt_host"] * 2 + ["mqtt_user"]
    assert saved["wifi_pass"] == "its key." and "k" * 64 not in capsys.readouterr().out


def test_ctrl_c_saves_nothing(ask, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        ask(["home", "its key.", KeyboardInterrupt])
    assert not list(tmp_path.iterdir())


def test_a_radio_that_cannot_list(ask, capsys):
    assert ask(["home", "", "x", ""], Radio(fails=True))[0]["wifi_ssid"] == "home"
    assert "cannot list" in capsys.readouterr().out


def test_a_broken_file_is_left_alone(ask, tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(config.ConfigError, match="line 1"):
        ask([])
    assert (tmp_path / "config.json").read_text() == "{"


def test_on_the_board(board):
    one = board({}, {"main.py": ""}, repl=True)
    terminal = os.open(one.port, os.O_RDWR | os.O_NOCTTY)
    try:
        one.wait_for("MicroPython")
        os.write(terminal, b"from firmware import setup; setup.ask()\r")
        one.wait_for("  1  virtual")
        os.write(terminal, b"1\rits key.\rbroker\r\r")
        one.wait_for("saved; it counts from the next start on")
    finally:
        os.close(terminal)
    saved = json.loads((one.flash / "config.json").read_text())
    assert saved == {"wifi_ssid": "virtual", "wifi_pass": "its key.", "mqtt_host": "broker", "mqtt_user": ""}
