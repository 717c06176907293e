"""Pins that the chip refuses: a setting that is wrong, and no crash."""

import json

import pytest
from repl_helpers import mpremote
from tool_process import Tool

CONFIG = {"wifi_ssid": "x", "mqtt_host": "127.0.0.1"}
# An ESP32-C3 has no UART 2.
NO_UART = """
import machine
class Uart:
    def __init__(self, number, **_):
        raise ValueError("UART(%d) does not exist" % number)
machine.UART = Uart
"""
# settings that pass the table because the chip is not known to it; boot.py; what is said
REFUSED = (
    ({"uart_tx": 34}, "", "uart_tx: 34: this chip refuses it (pin can only be input)"),
    ({"led": 35}, "", "led: 35: this chip refuses it (pin can only be input)"),
    ({"uart_id": 2}, NO_UART, "uart_id: 2: this chip refuses it (UART(2) does not exist)"),
)


@pytest.mark.parametrize(("settings", "boot", "said"), REFUSED)
def test_what_the_chip_refuses_is_named_and_the_board_goes_on_when_it_is_right(board, settings, boot, said):
    """It looks again every minute."""
    one = board(CONFIG | settings, {"boot.py": boot}, speed=50)
    one.wait_for("error: the settings cannot be used:")
    for _ in range(2):
        one.wait_for(said, after=one.line_count)
    if not boot:
        (one.flash / "config.json").write_text(json.dumps(CONFIG))
        one.wait_for("info: up: ")
        assert one.resets == []


def configured(one, status, *arguments):
    with Tool("configure.py", "--port", one.port, *arguments) as tool:
        assert tool.end() == status
    return tool.output


def test_the_table_knows_the_chip_of_a_board_with_a_repl(board):
    """A pin of the flash is not even tried: that would be the end."""
    one = board(CONFIG | {"uart_tx": 6}, repl=True)
    one.wait_for("uart_tx: must be one of the pins 0 2 4-5 12-23 25-27 32-33 on this chip")
    output = configured(one, 1, "led=-11")
    assert "led: must be one of the pins" in output and "uart_tx: must be one of the pins" in output
    said = mpremote(one, "exec", "from firmware import diagnose; diagnose.uart()", check=False)
    assert "ConfigError: uart_tx: must be one of the pins" in said
    configured(one, 0, "--unset", "uart_tx")
    one.wait_for("info: up: ")
    assert one.resets.count(2) == 2, "no crash: those of configure.py"


def test_another_chip(board):
    """The defaults are the plain ESP32's: they are refused at the start, and stand in nobody's way before."""
    one = board({}, repl=True, env={"VB_CHIP": "esp32c3"})
    one.wait_for("wifi_ssid: not set")
    configured(one, 0, "wifi_ssid=x", "mqtt_host=y")
    one.wait_for("uart_tx: must be one of the pins 0-10 18-21 on this chip")
    configured(one, 0, "uart_tx=5", "uart_rx=4")
    one.wait_for("info: up: ")
