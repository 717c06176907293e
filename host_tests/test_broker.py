"""tools/broker.py: which broker it takes, and that it listens to this PC only."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from mqtt_helpers import Recorder, mosquitto

from tools import broker
from tools.broker import AMQTT, BROKER_VARIABLE, MOSQUITTO, BrokerError

NAMES = [pytest.param(MOSQUITTO, marks=pytest.mark.skipif(mosquitto() is None, reason="no mosquitto")), AMQTT]


def test_mosquitto_where_it_is_installed_else_amqtt(tmp_path, monkeypatch):
    monkeypatch.setattr(broker, "SBIN", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(BROKER_VARIABLE, raising=False)
    assert broker.program() == (AMQTT, None)
    with pytest.raises(BrokerError, match="not installed"):
        broker.program(MOSQUITTO)
    program = tmp_path / "mosquitto"
    program.touch(0o755)
    assert broker.program() == (MOSQUITTO, str(program)) and broker.program(AMQTT) == (AMQTT, None)
    monkeypatch.setenv(BROKER_VARIABLE, "hive")
    with pytest.raises(BrokerError, match="PYLON2MQTT_BROKER=hive: only mosquitto and amqtt are known"):
        broker.program()


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_messages_on_to_this_pc_only_or_says_why_not(name, tmp_path, monkeypatch):
    with broker.Broker(tmp_path, name) as one:
        with contextlib.suppress(FileNotFoundError):  # /proc is Linux's
            tables = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
            rows = map(str.split, tables.splitlines())
            listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{one.port:04X}")]
            assert listening == [f"0100007F:{one.port:04X}"]
        with Recorder(one.host, one.port) as client:
            client.publish("a/b", "said", retain=True)
            assert client.wait_topic("a/b").payload == b"said"
        with Recorder(one.host, one.port) as client:
            assert client.wait_topic("a/b").retain
        monkeypatch.setattr(broker, "free_port", lambda: one.port)
        says = f"(?is){name} does not start; --broker HOST:PORT .*address already in use"
        with pytest.raises(BrokerError, match=says):
            broker.Broker(tmp_path, name).__enter__()
