"""tools/broker.py: which broker it takes, and that it listens to this PC only."""

import re
from pathlib import Path

import pytest
from mqtt_helpers import Recorder

from tools import ToolError, broker


@pytest.mark.parametrize("name", [broker.MOSQUITTO, broker.AMQTT])
def test_it_passes_messages_on_to_this_pc_only_or_says_why_not(name, tmp_path, monkeypatch):
    monkeypatch.setenv(broker.BROKER_VARIABLE, name)
    if name == broker.MOSQUITTO and not broker.mosquitto():
        pytest.skip("no mosquitto")
    with broker.Broker(tmp_path) as one:
        assert one.name == name
        for table in Path("/proc/net").glob("tcp*"):  # Linux's
            assert not re.search(rf" 0{{8,32}}:{one.port:04X} 0+:0000 0A ", table.read_text()), "all addresses"
        with Recorder(one.host, one.port) as client:
            client.publish("a/b", "said", retain=True)
            assert client.wait_topic("a/b").payload == b"said"
        with Recorder(one.host, one.port) as client:
            assert client.wait_topic("a/b").retain
        monkeypatch.setattr(broker, "free_port", lambda: one.port)
        with pytest.raises(ToolError, match=f"(?is){name} does not start. .*address already in use"):
            broker.Broker(tmp_path).__enter__()
