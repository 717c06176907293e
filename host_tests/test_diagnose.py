"""diagnose.py: what hangs on the cable, in words."""

import pytest
from battery_line import AnsweringUart, BatteryUart
from fakes import Clock

from firmware import diagnose


def found(line, clock=None):
    """-> (the word, all that was said)."""
    said, clock = [], clock or Clock()
    began = clock.passed_ms
    word = diagnose.uart(line, clock, said.append)
    assert clock.passed_ms - began < 90_000
    return word, "\n".join(said)


# what is found, at which rate, options of the battery
BATTERIES = (
    *(("framed", baud, {}) for baud in (1200, 2400, 4800, 9600, 19200)),
    ("framed", 4800, {"address": 2}), ("framed", 4800, {"address": 0}),
    ("rs485", 9600, {"echo": True}), ("rs485", 115200, {}), ("pace", 9600, {}), ("pace", 9600, {"version": 0x20}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "baud", "options"), BATTERIES)
def test_a_battery_that_speaks_frames(name, baud, options):
    clock = Clock()
    uart = BatteryUart(clock, baud, dialect=name, **options)
    word, said = found(uart, clock)
    words = f"at {baud} baud: dialect auto or {name} reads it"
    if name == "framed":
        words = f"framed protocol at {baud} baud, ADR {options.get('address', 1):02X}H, VER "
    assert word == name and words in said
    assert not uart.battery.forbidden and uart.battery.baud == baud, "asked only"


@pytest.mark.parametrize("options", [
    {"firmware": "us5000"}, {"firmware": "us5000", "asleep": True}, {"firmware": "pytes"}, {"firmware": "us3000d"},
    {"firmware": "pytes-v5", "asleep": True},
], ids=str)  # fmt: skip
def test_a_console(options):
    clock = Clock()
    uart = BatteryUart(clock, 115200)
    uart.battery.update(**options)
    word, said = found(uart, clock)
    assert word == "console" and ("slept" in said) == ("asleep" in options) and not uart.battery.forbidden
    assert said.endswith("packs in its table: 1, 2")
    uart.battery.console._lines = lambda words, now: [
        "AverageTempr   : 20466       ", "Volt   Curr   UTlow  CoulombAH", "235573 -292   26000  7%",
        "Command completed successfully", "$$"]  # fmt: skip
    word, said = found(uart, clock)
    assert word == "console" and "a battery of the Force family (UTlow in its table), which is not known here" in said


def test_nothing_or_a_bridge():
    line, clock = AnsweringUart(), Clock()
    word, said = found(line, clock)
    assert word == "nothing" and "Console" in said and "swapped" in said and "Bridge TX and RX" in said
    asked = {data for _, data in line.written}
    assert len(asked) == 7, "the bridge's, version and analog values (RS485, PACE), an empty line, the wake-up"
    assert [rate for rate, data in line.written if data == b"~20014682C0048520FCC3\r"] == [1200]
    assert clock.passed_ms < 40_000
    word, said = found(AnsweringUart(lambda rate, data: data))
    assert word == "loopback" and "bridge" in said.lower() and len(said.split("\n")) == 1


@pytest.mark.parametrize("noise", [b"\0\xff\x81" * 5, b"~20014600\r" * 3, b"~" * 40, b"\x80" * 5000])
def test_garbage(noise):
    word, said = found(AnsweringUart(lambda rate, data: noise))
    assert word == "garbage" and "GND" in said
    word, said = found(AnsweringUart(chatter=noise[:2]))
    assert word == "garbage" and "2 bytes came without a question" in said
