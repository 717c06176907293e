"""The table of settings, and what the value of each may be: a check takes it -> what is wrong with it, or None."""

import json

from .config_file import NEEDED
from .pins import ETHERNET

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
        if [byte for byte in data if byte < 32] or _has_surrogate(data):
            return "has a control character in it, or one that is no UTF-8"
        if not low <= len(data) <= high:
            return "must have %d to %d bytes" % (low, high)
        return None

    return wrong


def _has_surrogate(data):
    return bool([part for part in data.split(_SURROGATE[:1])[1:] if part[0] >= _SURROGATE[1]])


def _whole(low, high):
    """A whole number."""

    def wrong(value):
        if type(value) is not int or not low <= value <= high:  # True is an int, and no number
            return "must be a whole number from %d to %d" % (low, high)
        return None

    return wrong


def _one_of(*choices):
    """One of these values, all of one type."""

    def wrong(value):
        if value not in choices or type(value) is not type(choices[0]):
            return "must be one of: %s" % ", ".join([json.dumps(choice) for choice in choices])
        return None

    return wrong


def _topic(levels):
    """Part of a topic; `levels` True: it may have more than one level."""

    def wrong(value):
        why = _text(1, 64)(value)
        if why:
            return why
        if "+" in value or "#" in value:
            return "must not hold + or #"
        if "/" in value and not levels:
            return "must not hold /"
        if "" in value.rstrip("/").split("/"):
            return "has an empty level"
        return None

    return wrong


def _host(value):
    """A name or an IPv4 address, without a port."""
    why = _text(1, 253)(value)
    if not why and (" " in value or "/" in value or ":" in value):
        why = "must be a name or an address only, such as 192.168.2.245 (the port is mqtt_port)"
    return why


def _wifi_key(value):
    """The key of a Wi-Fi network; none of an open one."""
    why = _text(0, 63)(value)
    if not why and 0 < len(value.encode()) < 8:
        why = "must have 8 to 63 bytes, or none at all (an open network)"
    return why


def _update_key(value):
    """The key of updates over the broker; none: no updates."""
    return None if value == "" else _text(16, 64)(value)


def _led(value):
    """A pin, negative: active low; or "off"."""
    return None if value == "off" else _whole(-48, 48)(value) and 'must be "off", a pin, or a negative pin: active low'


def _ip(value):
    """An IPv4 address, or none."""
    return None if value == "" or ip_number(value) else "must be an address such as 192.168.2.1"


def _network_ip(value):
    """An IPv4 address with the length of its network, or none."""
    if value == "" or split_ip(value):
        return None
    return "must be an address of a device and the bits of its network, such as 192.168.2.50/24"


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
    """ "192.168.2.50/24" -> (its network's number without the bits of the device, how many those are); None: it is no
    such address.
    """
    address, _, bits = value.partition("/") if isinstance(value, str) else ("", "", "")
    host_bits = 32 - int(bits) if bits in [str(n) for n in range(8, 31)] else 0
    found = ip_number(address)
    if not found or not host_bits or not 0 < found & (1 << host_bits) - 1 < (1 << host_bits) - 1:
        return None
    return found >> host_bits, host_bits


_BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
# key, default (None: not set), check of a value, is it a secret, meaning
SETTINGS = (
    ("network", "wifi", _one_of("wifi", *ETHERNET), False, "wifi, or a board with Ethernet: wt32-eth01, olimex-poe"),
    ("wifi_ssid", NEEDED, _text(1, 32), False, "name of the Wi-Fi network"),
    ("wifi_pass", "", _wifi_key, True, "its key"),
    ("hostname", "pylon2mqtt", _text(1, 32), False, "name of this device in the network"),
    ("ip", "", _network_ip, False, "fixed address, such as 192.168.2.50/24; empty: the router gives one"),
    ("gateway", "", _ip, False, "address of the router, with ip"),
    ("dns", "", _ip, False, "address of the name server, with ip; empty: gateway"),
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
    ("led", "off", _led, False, "pin of a status LED; negative: active low"),
    ("update_key", "", _update_key, True, "key of updates over the broker; empty: none are taken"),
    ("log_level", "info", _one_of("error", "warning", "info"), False, "least important line that is printed"),
)
