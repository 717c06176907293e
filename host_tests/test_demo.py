"""tools/demo.py as its owner runs it: what it shows, when it fails, and that nothing of it stays behind."""

import contextlib
import os
import re
import select
import signal
import socket

import pytest
from tool_process import Tool, processes_with

from tools import demo
from tools.broker import AMQTT, BROKER_VARIABLE
from tools.simulator import Simulator

WHOLE_WAY_S = 300
GONE_S = 40
RATE = ("--set", "publish_rate=1")


@pytest.fixture
def clean(tmp_path):
    """Environment of a demo; afterwards none of its processes and files may be there."""
    directory = tmp_path / "of the demo"
    directory.mkdir()
    yield {"TMPDIR": str(directory)}
    assert processes_with(str(directory)) == [] and list(directory.iterdir()) == []


@pytest.mark.parametrize(("arguments", "says"), [
    (["--packs", "17"], "1 to 16 packs"), (["--firmware", "us5000"], "--firmware and --worn need --dialect console"),
    (["--update"], "--update and --speed need --board"), (["--board", "--broker", "h"], "--port and --broker out"),
])  # fmt: skip
def test_options_that_do_not_fit(arguments, says, capsys):
    with pytest.raises(SystemExit) as refused:
        demo.main(arguments)
    assert refused.value.code == 2 and says in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "number", "arguments", "battery", "answers"), [
    (None, signal.SIGINT, (), "simulated, 1200 baud", "at 4800 baud"),
    (AMQTT, signal.SIGTERM, ("--dialect", "console", "--firmware", "us5000", "--faults"),
     "simulated, text console of us5000, 115200 baud, will misbehave", "at 115200 baud, in text"),
], ids=["frames", "text, amqtt"])  # fmt: skip
def test_two_packs_until_a_signal(clean, wanted, number, arguments, battery, answers):
    with Tool("demo.py", *RATE, *arguments, **{BROKER_VARIABLE: wanted, **clean}) as tool:
        port = int(tool.wait_for(rf"broker at 127\.0\.0\.1:(\d+) \({wanted or '.*'}\)")[1])
        tool.wait_for(rf"battery at /dev/\S+ \(2 packs, {battery}\)")
        for pack in (1, 2):
            tool.wait_for(rf" s  Pack {pack} .* %  .* V .* A .* W  cells 3\.\d+ .* mV apart .* °C  charging, OK")
        if "--faults" in arguments:
            tool.wait_for(r"battery  \| fault: \w+")
        assert tool.stop(number) == 0
    assert f"firmware | info: battery answers {answers}" in tool.output and "device   | Offline" in tool.output
    assert re.search(r"(?s)readings of 2 packs, the first after \d+\.\d s\..* cycle\s\d\.\d\ss\sof\s1\ss", tool.output)
    assert re.search(r" readings, 0\swrong", tool.output) and "Traceback" not in tool.output
    assert ("Faults of the line" in tool.output) == ("--faults" in arguments)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.slow
def test_a_signal_while_the_board_is_set_up(clean):
    with Tool("demo.py", "--board", **clean) as tool:
        tool.wait_for("copying /boot")
        assert tool.stop(signal.SIGHUP) == 1
    assert "Traceback" not in tool.output
    assert "demo: interrupted before the firmware ran, so there is no reading" in tool.output


@pytest.mark.slow
def test_when_it_is_killed_the_kernel_ends_what_it_had_started(tmp_path):
    with Tool("demo.py", TMPDIR=str(tmp_path)) as tool:
        tool.wait_for(r"firmware \|")
        assert tool.stop(signal.SIGKILL) == -signal.SIGKILL
    for environ in processes_with(str(tmp_path)):
        with contextlib.suppress(ProcessLookupError):
            ended = os.pidfd_open(int(environ.parent.name))
            assert select.select([ended], [], [], GONE_S)[0], environ


@pytest.mark.slow
def test_a_broker_of_the_owner_where_another_device_may_have_the_name(clean, broker):
    where = ("--broker", f"{broker.host}:{broker.port}", "--packs", "1")
    with Tool("demo.py", *where, *RATE, **clean) as tool:
        tool.wait_for(rf"broker at {broker.host}:{broker.port} \(yours\)")
        tool.wait_for(" s  Pack 1 ")
        with Tool("demo.py", *where, **clean) as other:
            assert other.end() == 1
        assert "demo: a device already publishes PylonToMQTT/Main/ there" in other.output
        with Tool("demo.py", *where, *RATE, "--set", "rack_name=Shed", **clean) as other:
            other.wait_for(" s  Pack 1 ")
            assert other.stop() == 0
        assert tool.stop() == 0


@pytest.mark.slow
def test_a_battery_at_a_port_and_on_a_terminal(clean):
    with Simulator(packs=1, paced=False) as battery:
        with Tool("demo.py", "--port", battery.path, terminal=True, **clean) as tool:
            tool.wait_for("Firmware")
            tool.wait_for("cells from")
            assert tool.stop() == 0
    before, _, behind = tool.output.partition("\x1b[?1049l")
    assert f"battery at {battery.path}\r\n" in before and "Pylontech Main" in behind and "Online" in behind
    assert "1 readings of 1 pack" in behind and "Held against" not in behind and "Traceback" not in behind
    with Tool("demo.py", "--port", "/dev/ttyNone0", **clean) as tool:
        assert tool.end() == 1
    assert "is not there: is it plugged in?" in tool.output
    assert "demo: the firmware ended by itself, with status 1" in tool.output


PORT = r"/dev/\S+"
DEPLOY = r"/tools/deploy\.py'? --key-file .* --mqtt 127\.0\.0\.1:\d+\nlooking for PylonToMQTT/Main at .* …\n"
# What is shown with --board --update, in this order; the second update goes back
SHOWN = (
    rf"\n1\. .*\n\$ python3 tools/virtual_board --flash .*/flash'? --uart {PORT} --speed 5\n{PORT}\n",
    rf"\n2\. .*\n\$ python3 tools/deploy\.py --port {PORT} --new-key --key-file .*\nlooking for MicroPython",
    r"copying /boot\.py \(1 of .*\n(copying .*\n)+copying /main\.py ",
    r"board \| error: the settings cannot be used:\nboard \| config\.json is missing",
    r"\nupdate_key is set; it is kept in .*update_key\. The board starts anew\n",
    rf"\n3\. .*\n\$ \.venv/bin/mpremote connect {PORT} exec 'from firmware import config; config\.set\(wifi_ssid="
    r'"virtual", mqtt_host="127\.0\.0\.1", mqtt_port=\d+\)\'\nsaved; ',
    rf"\n4\. .*\n\$ python3 tools/configure\.py --port {PORT} publish_rate=1\nsaved; .*\nthe board starts anew",
    rf"\n5\. A newer version, over the broker\n\$ python3 .*/newer{DEPLOY}found .* in place a, ",
    r"1 to copy, 0 to remove\ncopying /firmware/__init__\.mpy \(1 of 1, .*\nstarting the board anew …\n",
    r"board \| up: pylon2mqtt (\S+)-newer\nit has published stat/readings/Pack1\n",
    rf"\n6\. A broken version, over the broker\n\$ python3 .*/broken{DEPLOY}found .* in place b, ",
    r"2 to copy, 0 to remove\n(copying .*\n)+starting the board anew …\n",
    r"deploy: the board went back to \S+-newer: update to \S+-broken given up: 3 starts without success; RuntimeError",
    r"\n7\. .*\n +\d+\.\d s  firmware \| pylon2mqtt: Ctrl-C for the REPL\n",
    r"firmware \| info: up: pylon2mqtt \S+-newer, ", r" s  Pack 1 ", r"device   \| Offline", r"readings, 0\swrong\.",
)  # fmt: skip


@pytest.mark.slow
def test_the_whole_way_onto_a_board_and_two_updates_until_ctrl_c(clean):
    with Tool("demo.py", "--board", "--update", "--packs", "1", "--speed", "5", *RATE, **clean) as tool:
        tool.wait_for(" s  Pack 1 ", WHOLE_WAY_S)
        assert tool.stop() == 0
    at = 0
    for pattern in SHOWN:
        found = re.compile(pattern).search(tool.output, at)
        assert found, pattern
        at = found.end() - 1
    assert "Traceback" not in tool.output and "raw REPL" not in tool.output
