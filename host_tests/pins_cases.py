"""Pins that a chip certainly has not got free. Runs on CPython and on MicroPython."""

from firmware import values

ESP32, C3 = "Generic ESP32 module with ESP32", "LOLIN_C3_MINI with ESP32-C3FH4"
PICO = "TinyPICO with ESP32-PICO-D4"
# what os.uname() says of the machine; setting, values that are taken, values that are refused
CHIPS = (
    (ESP32, "uart_tx", (0, 4, 17, 25), (1, 3, 6, 11, 24, 31, 34, 39, 40, 48)),
    (ESP32, "uart_rx", (0, 34, 39), (1, 3, 6, 11, 24, 40)),
    (ESP32, "led", ("off", 2, -2, -25), (34, -34, 6, -11, -1, 48)),
    (PICO, "led", (2,), (6, 39)),
    ("Generic ESP32S2 module with ESP32S2", "uart_tx", (33, 45), (22, 27, 46, 47)),
    ("Generic ESP32S3 module with ESP32S3", "led", (48, 1, 3, -46), (22, 25, 32)),
    (C3, "uart_tx", (6, 10, 21), (11, 17, 22, 33)),
    ("Generic ESP32C6 module with ESP32-C6", "uart_tx", (6, 24, 48), ()),  # not known here
    ("x86_64", "uart_tx", (6, 24, 48), ()),
)


def on_chip(machine, chosen=None, **changes):
    """Keys of what is wrong with these pins there."""
    settings = {"uart_tx": 21, "uart_rx": 19, "led": "off", "network": "wifi"}  # every chip has those
    settings.update(changes)

    class System:
        uname = staticmethod(lambda: ("esp32", "esp32", "1.28.0", "v1.28.0", machine))

    kept, values.os = values.os, System
    try:
        return [line.split(":")[0] for line in values.wrong_pins(settings, chosen or settings)]
    finally:
        values.os = kept


def check_pins_are_those_of_the_chip():
    for machine, key, good, bad in CHIPS:
        for value in good + bad:
            assert on_chip(machine, **{key: value}) == ([key] if value in bad else []), (machine, key, value)
    assert on_chip(ESP32, uart_tx=34, uart_rx=6, led=-7) == ["uart_tx", "uart_rx", "led"]


def check_a_default_that_the_chip_has_not_does_not_stand_in_the_way():
    """On an ESP32-C3 everything else can be set first; the board does not start before the pins are set."""
    settings = {"uart_tx": 33, "uart_rx": 32}
    for chosen, keys in (({"mqtt_host": "x", "uart_tx": None}, []), ({"uart_rx": 32}, ["uart_rx"]),
                         (settings, ["uart_tx", "uart_rx"])):
        assert on_chip(C3, chosen, **settings) == keys, chosen


def check_ethernet_needs_an_esp32_and_its_pins():
    for machine, tx, keys in ((ESP32, 4, []), (PICO, 4, []), ("x86_64", 4, []), (C3, 4, ["network"]),
                              (ESP32, 23, ["uart_tx"])):
        assert on_chip(machine, network="wt32-eth01", uart_tx=tx, uart_rx=5) == keys, machine
