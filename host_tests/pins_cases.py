"""Pins that a chip certainly has not got free. Runs on CPython and on MicroPython."""

from firmware import pins

# what os.uname() says of the machine; setting, values that are taken, values that are refused
CHIPS = (
    ("Generic ESP32 module with ESP32", "uart_tx", (0, 4, 17, 25), (1, 3, 6, 11, 24, 31, 34, 39, 40, 48)),
    ("Generic ESP32 module with ESP32", "uart_rx", (0, 34, 39), (1, 3, 6, 11, 24, 40)),
    ("Generic ESP32 module with ESP32", "led", ("off", 2, -2, -25), (34, -34, 6, -11, -1, 48)),
    ("TinyPICO with ESP32-PICO-D4", "led", (2,), (6, 39)),
    ("Generic ESP32S2 module with ESP32S2", "uart_tx", (33, 45), (22, 27, 46, 47)),
    ("Some board with ESP32-S2FN4R2", "uart_rx", (46,), (22, 47)),
    ("Generic ESP32S3 module with ESP32S3", "led", (48, 1, 3, -46), (22, 25, 32)),
    ("LOLIN_C3_MINI with ESP32-C3FH4", "uart_tx", (6, 10, 21), (11, 17, 22, 33)),
    ("Generic ESP32C6 module with ESP32-C6", "uart_tx", (6, 24, 48), ()),  # not known here
    ("x86_64", "uart_tx", (6, 24, 48), ()),
)


class System:
    """`os` of a board."""

    def __init__(self, machine):
        self.machine = machine

    def uname(self):
        return ("esp32", "esp32", "1.28.0", "v1.28.0", self.machine)


def on_chip(machine, chosen=None, **changes):
    """Lines of what is wrong with these pins there."""
    settings = {"uart_tx": 21, "uart_rx": 19, "led": "off", "network": "wifi"}  # every chip has those
    settings.update(changes)
    kept, pins.os = pins.os, System(machine)
    try:
        return pins.refused(settings, chosen or settings)
    finally:
        pins.os = kept


def check_pins_are_those_of_the_chip():
    for machine, key, good, bad in CHIPS:
        for value in good:
            assert on_chip(machine, **{key: value}) == [], (machine, key, value)
        for value in bad:
            (text,) = on_chip(machine, **{key: value})
            assert text.startswith(key + ": must be one of the pins 0"), (machine, text)


def check_a_default_that_the_chip_has_not_does_not_stand_in_the_way():
    """On an ESP32-C3 everything else can be set first; the board does not start before the pins are set."""
    settings = {"uart_tx": 33, "uart_rx": 32}
    for chosen, keys in (({"mqtt_host": "x", "uart_tx": None}, []), ({"uart_rx": 32}, ["uart_rx"]),
                         (settings, ["uart_tx", "uart_rx"])):
        wrong = on_chip("LOLIN_C3_MINI with ESP32-C3FH4", chosen, **settings)
        assert [text.split(":")[0] for text in wrong] == keys, chosen


def check_all_pins_that_are_wrong_are_named():
    wrong = on_chip(CHIPS[0][0], uart_tx=34, uart_rx=6, led=-7)
    assert [text.split(":")[0] for text in wrong] == ["uart_tx", "uart_rx", "led"]


def check_ethernet_needs_an_esp32():
    for machine, is_there in ((CHIPS[0][0], True), (CHIPS[3][0], True), ("x86_64", True), (CHIPS[6][0], False)):
        wrong = on_chip(machine, network="wt32-eth01", uart_tx=4, uart_rx=5)
        assert wrong == ([] if is_there else ["network: this chip has no Ethernet"]), machine
