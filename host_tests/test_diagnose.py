"""diagnose.py: what hangs on the cable, in words."""

from __future__ import annotations

import pytest
from battery_line import BatteryUart
from fakes import Clock

from firmware import diagnose


class Line:
    """A line on which `hears(rate, bytes)` -> what comes back; `chatter`: what comes by itself at every rate."""

    def __init__(self, hears=lambda rate, data: b"", chatter=b""):
        self.hears, self.chatter = hears, chatter
        self.rate, self.coming, self.written = 0, b"", []

    def init(self, baudrate):
        self.rate = baudrate
        self.coming = self.chatter

    def write(self, data):
        self.written.append((self.rate, data))
        self.coming += self.hears(self.rate, data)

    def readinto(self, view):
        some, self.coming = self.coming[: len(view)], self.coming[len(view) :]
        view[: len(some)] = some
        return len(some) or None


def found(line, clock=None):
    """-> (the word, all that was said)."""
    said = []
    return diagnose.uart(line, clock or Clock(), said.append), "\n".join(said)


@pytest.mark.parametrize("address", [1, 2, 0])
@pytest.mark.parametrize("baud", [1200, 2400, 4800, 9600, 19200])
def test_framed(baud, address):
    clock = Clock()
    uart = BatteryUart(clock, baud, address=address)
    word, said = found(uart, clock)
    assert word == "framed" and f"framed protocol at {baud} baud, ADR {address:02X}H, VER " in said
    assert not uart.battery.forbidden and uart.battery.baud == baud, "asked only"


@pytest.mark.parametrize(("dialect", "baud", "options"), [
    ("rs485", 9600, {"echo": True}), ("rs485", 115200, {}), ("pace", 9600, {}), ("pace", 9600, {"version": 0x20}),
])  # fmt: skip
def test_relatives(dialect, baud, options):
    clock = Clock()
    uart = BatteryUart(clock, baud, dialect=dialect, **options)
    word, said = found(uart, clock)
    assert word == dialect and f"at {baud} baud: dialect auto or {dialect} reads it" in said
    assert not uart.battery.forbidden


def test_nothing():
    line = Line()
    word, said = found(line)
    assert word == "nothing" and "Console" in said and "swapped" in said and "Bridge TX and RX" in said
    asked = {data for _, data in line.written}
    assert len(asked) == 7, "the bridge's, version and analog values (RS485, PACE), an empty line, the wake-up"
    assert [rate for rate, data in line.written if data == b"~20014682C0048520FCC3\r"] == [1200]


def test_bridged():
    word, said = found(Line(lambda rate, data: data))
    assert word == "loopback" and "bridge" in said.lower() and len(said.split("\n")) == 1


@pytest.mark.parametrize("options", [
    {}, {"asleep": True}, {"firmware": "pytes"}, {"firmware": "us3000d"}, {"firmware": "pytes-v5", "asleep": True},
], ids=str)  # fmt: skip
def test_a_simulated_console(options):
    clock = Clock()
    uart = BatteryUart(clock, 115200)
    uart.battery.update(**{"firmware": "us5000", **options})
    word, said = found(uart, clock)
    assert word == "console" and ("slept" in said) == ("asleep" in options) and not uart.battery.forbidden
    assert said.endswith("packs in its table: 1, 2")


def test_a_console_of_another_family():
    clock = Clock()
    uart = BatteryUart(clock, 115200)
    uart.battery.update(firmware="us5000")
    uart.battery.console._lines = lambda words, now: [
        "AverageTempr   : 20466       ", "Volt   Curr   UTlow  CoulombAH", "235573 -292   26000  7%",
        "Command completed successfully", "$$"]  # fmt: skip
    word, said = found(uart, clock)
    assert word == "console" and "a battery of the Force family (UTlow in its table), which is not known here" in said


@pytest.mark.parametrize("noise", [b"\0\xff\x81" * 5, b"~20014600\r" * 3, b"~" * 40])
def test_garbage(noise):
    word, said = found(Line(lambda rate, data: noise))
    assert word == "garbage" and "GND" in said
    word, said = found(Line(chatter=noise[:2]))
    assert word == "garbage" and "2 bytes came without a question" in said


def test_it_ends_soon():
    clock = Clock()
    found(Line(), clock)
    assert clock.passed_ms < 40_000
    found(Line(lambda rate, data: b"\x80" * 5000), clock)
    assert clock.passed_ms < 90_000
