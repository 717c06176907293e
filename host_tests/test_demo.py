"""tools/demo.py as its owner runs it: what it shows, when it fails, and that nothing of it stays behind."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path

import demo_helpers
import pytest
from demo_helpers import port_of
from monitor_helpers import HEALTH, heard, reading, told
from mqtt_helpers import free_port
from tool_process import Tool, processes_with

from tools import account, demo
from tools.broker import AMQTT, BROKER_VARIABLE
from tools.demo_battery import DemoBattery
from tools.heard import Heard
from tools.simulator import Simulator
from tools.truth import Truth, Wrong

clean = demo_helpers.clean
HEAP = ()
SECRET = "s3cret-marker"
GONE_S, POLL_S = 40, 0.05

REFUSALS = (
    ("no pack", ["--packs", "0"], "1 to 16 packs"),
    ("too many packs", ["--packs", "17"], "1 to 16 packs"),
    ("faults of a real battery", ["--port", "/dev/null", "--faults"], "--faults needs the simulated battery"),
    ("no speed", ["--speed", "0"], "must be more than 0"),
    ("two batteries", ["--board", "--port", "/dev/null"], "--board has a simulated battery: leave --port out"),
    ("two brokers", ["--board", "--broker", "h"], "--board has a broker of its own"),
    ("a user of no broker", ["--board", "--user", "me"], "leave --broker, --user and --pass out"),
    ("no address", ["--broker", "h:0"], "write HOST or HOST:PORT"),
    ("a part of an option", ["--pack", "2"], "unrecognized arguments"),
)


@pytest.mark.parametrize(("name", "arguments", "says"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_options_that_do_not_fit(name, arguments, says, capsys):
    with pytest.raises(SystemExit) as refused:
        demo.main(arguments)
    assert refused.value.code == 2 and says in capsys.readouterr().err


# -- the account at the end ---------------------------------------------------------------------------------------


def seen(**health):
    rack = heard(2, now=106.7)
    told(rack, "tele/STATE", HEALTH | health, 129.0)
    return rack


def one_line(text):
    return re.sub(r"\s+", " ", text)


def test_the_account():
    truth = Truth()
    truth.checked = 2
    said = one_line(account.summary(seen(), 100.0, 30.2, truth, {"silent": 4, "requests": 60, "changed": 2}))
    assert said == (
        "30 s: 2 readings of 2 packs, the first after 6.7 s. Battery online, 4800 baud, cycle 1.1 s of 5 s; 214 polls, "
        "3 timeouts, 0 frame errors, 0 return codes, 1 implausible, 0 broker drops, 0 Wi-Fi drops. What befell the "
        "line: 2 changed, 4 silent. Held against what the battery said: 2 readings, 0 wrong."
    )


def test_the_account_of_nothing():
    assert account.summary(Heard(), 100.0, 3.0) == "3 s: 0 readings of 0 packs."


def test_old_counters_are_said_to_be_old():
    assert "(counted 41 s before the end)" in one_line(account.summary(seen(), 100.0, 70.0))


@pytest.mark.parametrize(("missing", "wrong", "ended", "says"), [
    ([], [], None, []),
    ([2, 3], [], None, ["no reading of pack 2, 3"]),
    ([], [Wrong(1, [("Cell_1", 1, 2)], False)], None, ["a published value was wrong"]),
    ([], [Wrong(1, [("Cell_1", 1, 2)], True)], None, []),
    ([], [], 1, ["the firmware ended by itself, with status 1: its last lines say why"]),
])  # fmt: skip
def test_failures(missing, wrong, ended, says):
    truth = Truth()
    truth.wrong = wrong
    assert account.failures(missing, truth, ended) == says


def test_the_battery_misbehaves_when_all_were_read(monkeypatch):
    battery = DemoBattery(1, 1, 1.0, True)
    begun = []
    monkeypatch.setattr(battery._simulator, "misbehave", lambda: begun.append(True))
    assert battery.tend(False) == [] and not begun
    assert battery.tend(True) == [] and battery.tend(True) == [] and len(begun) == 1
    battery._simulator.fault("silent")
    assert battery.tend(True) == ["silent"] and battery.tend(True) == []
    assert battery.check("x/stat/readings/Pack1", json.dumps(reading()).encode(), 1.0).startswith("WRONG: pack 1")


# -- the whole of it ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "number"), [(None, signal.SIGINT), (AMQTT, signal.SIGTERM)], ids=["any", AMQTT])
def test_two_packs_until_a_signal(clean, wanted, number):
    variables, ports = clean
    with Tool("demo.py", *HEAP, "--publish-rate", "1", **{BROKER_VARIABLE: wanted, **variables}) as tool:
        ports.append(port_of(tool))
        tool.wait_for(r"battery at /dev/\S+ \(2 packs, simulated, 1200 baud\)")
        for pack in (1, 2):
            tool.wait_for(rf" s  Pack {pack} .* %  .* V .* A .* W  cells 3\.\d+ .* mV apart .* °C  charging, OK")
        assert tool.stop(number) == 0
    assert wanted is None or f"({wanted})" in tool.output
    assert "firmware | info: battery answers at 4800 baud" in tool.output and "device   | Offline" in tool.output
    assert re.search(r"(?s)readings of 2 packs, the first after \d+\.\d s\..* readings, 0\swrong", tool.output)
    assert "Traceback" not in tool.output


@pytest.mark.slow
def test_seconds_count_from_the_start_of_the_firmware(clean):
    variables, _ = clean
    with Tool("demo.py", *HEAP, "--packs", "1", "--seconds", "1", **variables) as tool:
        assert tool.end() == 1
    assert "demo: no reading of pack 1" in tool.output and "1 s: 0 readings of 0 packs." in tool.output


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("when", ["broker at", "battery at", "firmware: ", r"firmware \|"])
def test_a_signal_while_it_starts(clean, number, when):
    variables, _ = clean
    with Tool("demo.py", *HEAP, **variables) as tool:
        tool.wait_for(when)
        assert tool.stop(number) == 1
    assert "Traceback" not in tool.output and "demo: no reading of pack 1, 2" in tool.output


@pytest.mark.slow
def test_it_ends_when_nobody_reads_its_output(clean):
    variables, _ = clean
    with Tool("demo.py", *HEAP, **variables) as tool:
        tool.wait_for(r"firmware \|")
        tool.close_output()
        assert tool.end() == 1


@pytest.mark.slow
def test_it_is_killed(tmp_path):
    """The kernel ends what it had started; only files stay."""
    with Tool("demo.py", *HEAP, TMPDIR=str(tmp_path)) as tool:
        tool.wait_for(r"firmware \|")
        assert processes_with(str(tmp_path)) or not Path("/proc").exists()
        assert tool.stop(signal.SIGKILL) == -signal.SIGKILL
    deadline = time.monotonic() + GONE_S
    while processes_with(str(tmp_path)):
        assert time.monotonic() < deadline, processes_with(str(tmp_path))
        time.sleep(POLL_S)  # they are no children of ours, so there is nothing to wait for


@pytest.mark.slow
def test_on_a_terminal(clean):
    variables, ports = clean
    with Tool("demo.py", *HEAP, terminal=True, **variables) as tool:
        ports.append(port_of(tool))
        tool.wait_for("Firmware")
        tool.wait_for("▲")
        assert tool.stop() in (0, 1)
    behind = tool.output.partition("\x1b[?1049l")[2]
    assert "Pylontech Main" in behind and "Online" in behind and "readings of" in behind
    assert "\x1b[?25h" in tool.output, "the cursor is there again"


@pytest.mark.slow
def test_a_battery_at_a_port(clean):
    variables, _ = clean
    with Simulator(packs=1, paced=False) as battery:
        with Tool("demo.py", *HEAP, "--port", battery.path, **variables) as tool:
            tool.wait_for("Pack 1")
            assert tool.stop() == 0
    assert f"battery at {battery.path}\n" in tool.output and "Held against" not in tool.output
    assert not battery.forbidden


def test_a_port_that_is_not_there(clean):
    variables, _ = clean
    with Tool("demo.py", "--port", "/dev/ttyNone0", **variables) as tool:
        assert tool.end() == 1
    assert "/dev/ttyNone0 is not there: is the adapter plugged in?" in tool.output
    assert "demo: the firmware ended by itself, with status 1" in tool.output


def test_a_broker_that_is_not_there(clean):
    variables, _ = clean
    with Tool("demo.py", "--broker", f"127.0.0.1:{free_port()}", "--pass", SECRET, **variables) as tool:
        assert tool.end() == 1
    assert "demo: no broker at 127.0.0.1:" in tool.output and SECRET not in tool.output


@pytest.mark.slow
def test_another_broker(clean, broker, mqtt_client):
    variables, _ = clean
    where = ["--broker", f"{broker.host}:{broker.port}", "--rack", "Demo", "--packs", "1"]
    with Tool("demo.py", *HEAP, *where, **variables) as tool:
        tool.wait_for("Pack 1")
        assert tool.stop() == 0
    assert mqtt_client.wait_topic("PylonToMQTT/Demo/stat/readings/Pack1").payload
    assert mqtt_client.payloads("PylonToMQTT/Demo/tele/LWT")[-1] == b"Offline"


def test_it_does_not_mix_with_a_real_rack(clean, broker, mqtt_client):
    variables, _ = clean
    mqtt_client.publish("PylonToMQTT/Main/tele/LWT", "Online", retain=True)
    mqtt_client.wait_topic("tele/LWT")
    with Tool("demo.py", "--broker", f"{broker.host}:{broker.port}", **variables) as tool:
        assert tool.end() == 1
    assert "a device already publishes under PylonToMQTT/Main/ at this broker: choose another --rack" in tool.output


@pytest.mark.long
def test_faults(clean):
    variables, _ = clean
    with Tool("demo.py", *HEAP, "--faults", "--seconds", "120", **variables) as tool:
        assert tool.end() == 0
    assert "battery  | fault: " in tool.output
    assert re.search(r"(?s)What befell the line: .*\d readings, 0\swrong", tool.output)
