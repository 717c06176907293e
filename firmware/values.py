"""The table of settings, and what the value of each may be: a check takes it -> what is wrong with it, or None."""

import json
import os

from .config_file import NEEDED

# What follows ESP32 in the chip's name; pins that are free, pins that are inputs only. The others are not there, or the
# flash hangs on them, or the REPL. A chip that is not here refuses by itself what it has not (board.py).
_CHIPS = ((("", "PI"), "0 2 4-5 12-23 25-27 32-33", " 34-39"), (("S2",), "0-21 26 33-45", " 46"),
          (("S3",), "0-21 26 33-48", ""), (("C3",), "0-10 18-21", ""))  # fmt: skip
_RMII = (19, 21, 22, 25, 26, 27)  # the ESP32's Ethernet has them nowhere else
# Boards with a LAN8720: its address, does the ESP32 drive its clock; pins of its clock, its power, MDC and MDIO
ETHERNET = {"wt32-eth01": (1, False, 0, 16, 23, 18), "olimex-poe": (0, True, 17, 12, 23, 18)}

_SURROGATE = b"\xed\xa0\x80"  # the first half of a character that JSON can hold; no UTF-8


def _text(low, high):
    """A text of `low` to `high` bytes without control characters, and without what is no UTF-8 (brokers refuse it)."""

    def wrong(value):
        if not isinstance(value, str):
            return "must be a text in quotes"
        try:
            data = value.encode()
        except ValueError:  # half a character; MicroPython encodes it
            data = _SURROGATE
        halves = [part for part in data.split(_SURROGATE[:1])[1:] if part[0] >= _SURROGATE[1]]
        if halves or [byte for byte in data if byte < 32]:
            return "has a control character in it, or one that is no UTF-8"
        return None if low <= len(data) <= high else "must have %d to %d bytes" % (low, high)

    return wrong


def _whole(low, high):
    text = "must be a whole number from %d to %d"
    # True is an int, and no number
    return lambda value: None if type(value) is int and low <= value <= high else text % (low, high)


def _one_of(*choices):
    def wrong(value):
        if value in choices and type(value) is type(choices[0]):
            return None
        return "must be one of: %s" % ", ".join([json.dumps(choice) for choice in choices])

    return wrong


def _topic(levels):
    """Part of a topic; `levels` True: it may have more than one level."""

    def wrong(value):
        if why := _text(1, 64)(value):
            return why
        if "+" in value or "#" in value:
            return "must not hold + or #"
        if "/" in value and not levels:
            return "must not hold /"
        return "has an empty level" if "" in value.rstrip("/").split("/") else None

    return wrong


def _host(value):
    why = _text(1, 253)(value)
    if not why and (" " in value or "/" in value or ":" in value):
        why = "must be a name or an address only, such as 192.168.2.245 (the port is mqtt_port)"
    return why


def _wifi_key(value):
    why = _text(0, 63)(value)
    if not why and 0 < len(value.encode()) < 8:
        why = "must have 8 to 63 bytes, or none at all (an open network)"
    return why


def _or(good, check, text=None):
    """What `check` takes, or the value `good`; `text`: what is wrong otherwise, in place of what it says."""
    return lambda value: None if value == good else check(value) and (text or check(value))


def _ip(value):
    return None if ip_number(value) else "must be an address such as 192.168.2.1"


def _network_ip(value):
    text = "must be an address of a device and the bits of its network, such as 192.168.2.50/24"
    return None if split_ip(value) else text


def ip_number(value):
    """The number of an IPv4 address "192.168.2.1" that a device can have; None: it is none."""
    try:
        parts = [int(part) for part in value.split(".")]
    except (AttributeError, ValueError):
        return None
    if len(parts) != 4 or "%d.%d.%d.%d" % tuple(parts) != value or min(parts) < 0 or max(parts) > 255:
        return None
    return None if parts[0] in (0, 127) or parts[0] > 223 else int.from_bytes(bytes(parts), "big")


def split_ip(value):
    """ "192.168.2.50/24" -> (network's number without the bits of the device, how many those are); None: no address."""
    address, _, bits = value.partition("/") if isinstance(value, str) else ("", "", "")
    host_bits = 32 - int(bits) if bits in [str(n) for n in range(8, 31)] else 0
    found = ip_number(address)
    if not found or not host_bits or not 0 < found & (1 << host_bits) - 1 < (1 << host_bits) - 1:
        return None
    return found >> host_bits, host_bits


_BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_LED = 'must be "off", a pin, or a negative pin: active low'
# key, default (None: not set), check of a value, is it a secret, meaning
SETTINGS = (
    ("network", "wifi", _one_of("wifi", *ETHERNET), False, "wifi, or a board with Ethernet: wt32-eth01, olimex-poe"),
    ("wifi_ssid", NEEDED, _text(1, 32), False, "name of the Wi-Fi network"),
    ("wifi_pass", "", _wifi_key, True, "its key"),
    ("hostname", "pylon2mqtt", _text(1, 32), False, "name of this device in the network"),
    ("ip", "", _or("", _network_ip), False, "fixed address, such as 192.168.2.50/24; empty: the router gives one"),
    ("gateway", "", _or("", _ip), False, "address of the router, with ip"),
    ("dns", "", _or("", _ip), False, "address of the name server, with ip; empty: gateway"),
    ("mqtt_host", NEEDED, _host, False, "name or address of the MQTT broker"),
    ("mqtt_port", None, _whole(1, 65535), False, "its port; if not set 1883, with TLS 8883"),
    ("mqtt_user", "", _text(0, 128), False, "user at the broker; empty: none"),
    ("mqtt_pass", "", _text(0, 128), True, "password at the broker"),
    ("mqtt_root", "PylonToMQTT", _topic(True), False, "first part of every topic"),
    ("rack_name", "Main", _topic(False), False, "second part of every topic"),
    ("mqtt_tls", False, _one_of(False, True), False, "encrypt the connection; needs mqtt_ca"),
    ("mqtt_ca", "", _text(0, 128), False, "PEM file with the certificate that signed the broker's"),
    ("ntp_host", "pool.ntp.org", _host, False, "time server; only asked with TLS"),
    ("publish_rate", 10, _whole(1, 300), False, "seconds from one reading of all packs to the next"),
    ("uart_id", 1, _whole(1, 2), False, "UART of the battery; 0 is the REPL"),
    ("uart_tx", 33, _whole(0, 48), False, "pin that sends to the battery"),
    ("uart_rx", 32, _whole(0, 48), False, "pin that receives from the battery"),
    ("baud", 4800, _one_of(*_BAUDS), False, "rate the battery is switched to; above 4800: if it takes it"),
    ("dialect", "auto", _one_of("auto", "framed", "console", "rs485", "pace"), False, "protocol of the battery's port"),
    ("group", 0, _whole(0, 15), False, "group of the battery at an RS485 port"),
    ("discovery", True, _one_of(False, True), False, "announce everything to Home Assistant"),
    ("discovery_prefix", "homeassistant", _topic(True), False, "Home Assistant's discovery prefix"),
    ("led", "off", _or("off", _whole(-48, 48), _LED), False, "pin of a status LED; negative: active low"),
    ("update_key", "", _or("", _text(16, 64)), True, "key of updates over the broker; empty: none are taken"),
    ("log_level", "info", _one_of("error", "warning", "info"), False, "least important line that is printed"),
)


def wrong_pins(settings, chosen):
    """What is wrong with pins on this chip and board, in lines that begin with the key; only of keys in `chosen`."""
    errors = []
    network, chip = settings["network"], _chip()
    taken = _RMII + ETHERNET[network][2:] if network in ETHERNET else ()
    if taken and chip not in ("", "PI", None):
        errors.append("network: this chip has no Ethernet")
    found = [row[1:] for row in _CHIPS if chip in row[0]]
    for key in ("uart_tx", "uart_rx", "led"):
        if chosen.get(key) is None or settings[key] == "off":
            continue
        pin = abs(settings[key])
        for free, inputs in found:
            pins = free + inputs if key == "uart_rx" else free
            if not _among(pins, pin):
                errors.append("%s: must be one of the pins %s on this chip" % (key, pins))
        if pin in taken:
            errors.append("%s: pin %d is taken by the Ethernet of %s" % (key, pin, network))
    return errors


def _chip():
    """What follows ESP32 in the chip's name, two letters at most: "", "PI" (PICO), "S3" …; None: it is no ESP32."""
    uname = getattr(os, "uname", None)  # MicroPython's unix port has none
    _, name, after = uname()[4].upper().replace("-", "").rpartition("ESP32") if uname else ("", "", "")
    return after[:2] if name else None


def _among(pins, number):
    spans = [span.partition("-") for span in pins.split()]
    return bool([1 for low, _, high in spans if int(low) <= number <= int(high or low)])
