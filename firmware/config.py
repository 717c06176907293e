"""The settings: one table; config.json beside main.py holds those that differ from their default."""

import json

from . import config_file, pins
from .config_file import NEEDED, ConfigError

PATH = "config.json"


_HALF = b"\xed\xa0\x80"  # the first of the halves of a character that JSON can hold; they are no UTF-8


def _has_half(data):
    at = data.find(_HALF[:1])
    while at >= 0:
        if data[at + 1] >= _HALF[1]:
            return True
        at = data.find(_HALF[:1], at + 1)
    return False


def _text(low, high):
    """A text of `low` to `high` bytes without control characters, and without what is no UTF-8 (brokers refuse it)."""

    def wrong(value):
        if not isinstance(value, str):
            return "must be a text in quotes"
        try:
            data = value.encode()
        except ValueError:  # half a character; MicroPython encodes it
            data = _HALF
        if [byte for byte in data if byte < 32] or _has_half(data):
            return "has a control character in it, or one that is no UTF-8"
        if not low <= len(data) <= high:
            return "must have %d to %d bytes" % (low, high)
        return None

    return wrong


def _whole(low, high):
    def wrong(value):
        if type(value) is not int or not low <= value <= high:  # True is an int, and no number
            return "must be a whole number from %d to %d" % (low, high)
        return None

    return wrong


def _one_of(*choices):
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
    why = _text(1, 253)(value)
    if not why and (" " in value or "/" in value or ":" in value):
        why = "must be a name or an address only, such as 192.168.2.245 (the port is mqtt_port)"
    return why


def _led(value):
    return None if value == "off" else _whole(-48, 48)(value) and 'must be "off", a pin, or a negative pin: active low'


_BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_TOPIC_MOST = 122  # bytes of a topic that umqtt.simple can subscribe to
# key, default (None: not set), what is wrong with a value (a function: text or None), secret, meaning
SETTINGS = (
    ("wifi_ssid", NEEDED, _text(1, 32), False, "name of the Wi-Fi network"),
    ("wifi_pass", "", _text(0, 63), True, "its key"),
    ("hostname", "pylon2mqtt", _text(1, 32), False, "name of this device in the network"),
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
    ("dialect", "auto", _one_of("auto", "framed", "console", "rs485"), False, "protocol of the battery's port"),
    ("group", 0, _whole(0, 15), False, "group of the battery at an RS485 port"),
    ("discovery", True, _one_of(False, True), False, "announce everything to Home Assistant"),
    ("discovery_prefix", "homeassistant", _topic(True), False, "Home Assistant's discovery prefix"),
    ("led", "off", _led, False, "pin of a status LED; negative: active low"),
    ("log_level", "info", _one_of("error", "warning", "info"), False, "least important line that is printed"),
)


def check(given, whole=True):
    """Settings as `given` in JSON -> a dict of all of them, defaults filled in. ConfigError names all that is wrong.

    whole=False: needed ones may still be missing.
    """
    if not isinstance(given, dict):
        raise ConfigError('the settings must be one object: {"mqtt_host": "…", …}')
    known = [row[0] for row in SETTINGS]
    # MicroPython's JSON has keys that are no texts; beside texts they cannot be sorted
    errors = ["%s: no such setting" % key for key in sorted([str(key) for key in given]) if key not in known]
    settings = {}
    for key, default, wrong, _, _ in SETTINGS:
        value = given.get(key)
        if value is None:
            value = default
            if default == NEEDED and whole:
                errors.append("%s: not set" % key)
        else:
            why = wrong(value)
            if why:
                errors.append("%s: %s" % (key, why))
        settings[key] = value
    if not errors:
        errors = _together(settings, settings if whole else given)
    if errors:
        raise ConfigError("\n".join(errors))
    for key in ("mqtt_root", "discovery_prefix"):
        settings[key] = settings[key].rstrip("/")
    if settings["mqtt_port"] is None:
        settings["mqtt_port"] = 8883 if settings["mqtt_tls"] else 1883
    return settings


def _together(settings, chosen):
    """What is wrong between settings that are each right; of the pins only those that were `chosen`."""
    errors = []
    if settings["mqtt_tls"] and not settings["mqtt_ca"]:
        errors.append("mqtt_ca: not set, and mqtt_tls needs it to know the broker")
    if settings["uart_tx"] == settings["uart_rx"]:
        errors.append("uart_rx: the same pin as uart_tx")
    if settings["mqtt_pass"] and not settings["mqtt_user"]:
        errors.append("mqtt_user: not set, but mqtt_pass is")
    root, rack = settings["mqtt_root"], settings["rack_name"]
    topics = ["%s/%s/cmnd/#" % (root, rack)]
    if not settings["discovery"]:
        topics.append("%s/device/%s_%s_12345678_Pack16/config" % (settings["discovery_prefix"], root, rack))
    for topic in topics:
        if len(topic.encode()) > _TOPIC_MOST:
            why = "mqtt_root: too long, with rack_name and discovery_prefix: topics of more than %d bytes"
            errors.append(why % _TOPIC_MOST)
            break
    if settings["led"] != "off" and abs(settings["led"]) in (settings["uart_tx"], settings["uart_rx"]):
        errors.append("led: the same pin as uart_tx or uart_rx")
    return errors + pins.refused(settings, chosen)


def load(path=PATH):
    """The settings in the file `path`, as check() gives them. ConfigError."""
    return check(config_file.read(path))


# -- for the REPL -----------------------------------------------------------------------------------------------------


def show(path=PATH):
    """Prints all settings, what each means and its default; secrets are masked."""
    from . import settings

    settings.show(path, SETTINGS)


def set(**values):
    """config.set(mqtt_host="192.168.2.245", publish_rate=5): checked, and all of them saved, or none. ConfigError."""
    from . import settings

    settings.change(PATH, values, SETTINGS, check)


def unset(*keys):
    """config.unset("publish_rate"): back to the default. ConfigError."""
    from . import settings

    settings.change(PATH, dict([(key, None) for key in keys]), SETTINGS, check)
