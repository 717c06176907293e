"""The settings: one table; config.json beside main.py holds those that differ from their default."""

import json

from . import config_file
from .config_file import NEEDED, ConfigError
from .values import SETTINGS, ip_number, split_ip, wrong_pins

PATH = "config.json"
_TOPIC_MOST = 122  # bytes of a topic that umqtt.simple can subscribe to


def check(given, whole=True):
    """Settings as `given` in JSON -> a dict of all of them, defaults filled in. ConfigError names all that is wrong.

    whole=False: needed ones may still be missing.
    """
    if not isinstance(given, dict):
        raise ConfigError('the settings must be one object: {"mqtt_host": "…", …}')
    known = [row[0] for row in SETTINGS]
    # MicroPython's JSON has keys that are no texts; beside texts they cannot be sorted
    errors = ["%s: no such setting" % key for key in sorted([str(key) for key in given]) if key not in known]
    if whole:
        errors += ["%s: not set" % key for key in missing(given)]
    settings = {}
    for key, default, wrong, _, _ in SETTINGS:
        value = given.get(key)
        why = None if value is None else wrong(value)
        if why:
            errors.append("%s: %s" % (key, why))
        settings[key] = default if value is None else value
    if not errors:
        errors = _together(settings, settings if whole else given)
    if errors:
        raise ConfigError("\n".join(errors))
    for key in ("mqtt_root", "discovery_prefix"):
        settings[key] = settings[key].rstrip("/")
    if settings["mqtt_port"] is None:
        settings["mqtt_port"] = 8883 if settings["mqtt_tls"] else 1883
    return settings


def missing(given):
    """-> the settings that are needed and not among those `given`; Ethernet needs no wifi_ssid."""
    by_wifi = given.get("network") in (None, "wifi")
    needed = [row[0] for row in SETTINGS if row[1] == NEEDED and (by_wifi or row[0] != "wifi_ssid")]
    return [key for key in needed if given.get(key) is None]


def _together(settings, chosen):
    """What is wrong between settings that are each right; of the pins, and the broker, only those `chosen`."""
    one = settings
    prefix = one["mqtt_root"] + "/" + one["rack_name"]
    below = "/update/#" if one["update_key"] else "/cmnd/#"
    config = "" if one["discovery"] else "%s/device/%s_12345678_Pack16/config" % (one["discovery_prefix"], prefix)
    own_net, host_bits = split_ip(one["ip"]) or (None, 0)
    broker, gateway = [(ip_number(ip) or 0) >> host_bits for ip in (chosen.get("mqtt_host"), one["gateway"])]
    topic_bytes = max(len((prefix + below).encode()), len(config.encode()))
    pins = one["uart_tx"], one["uart_rx"]
    rows = (
        (one["mqtt_tls"] and not one["mqtt_ca"], "mqtt_ca: not set, and mqtt_tls needs it to know the broker"),
        (one["mqtt_pass"] and not one["mqtt_user"], "mqtt_user: not set, but mqtt_pass is"),
        (topic_bytes > _TOPIC_MOST,
         "mqtt_root: too long, with rack_name and discovery_prefix: topics of more than %d bytes" % _TOPIC_MOST),
        ((one["gateway"] or one["dns"]) and not own_net, "ip: not set, but gateway or dns is"),
        (own_net and gateway and gateway != own_net, "gateway: not in the network of ip"),
        (own_net and one["ip"].startswith(one["gateway"] + "/"), "gateway: the same address as ip"),
        (own_net and not gateway and chosen.get("mqtt_host") and broker != own_net,
         "gateway: not set, but mqtt_host is no address in the network of ip"),
        (pins[0] == pins[1], "uart_rx: the same pin as uart_tx"),
        (one["led"] != "off" and abs(one["led"]) in pins, "led: the same pin as uart_tx or uart_rx"),
    )  # fmt: skip
    return [words for wrong, words in rows if wrong] + wrong_pins(settings, chosen)


def load(path=PATH):
    """The settings in the file `path`, as check() gives them. ConfigError."""
    return check(config_file.read(path))


# -- for the REPL -----------------------------------------------------------------------------------------------------


def given_in(path):
    """The settings as they stand in the file, {} when there is none. ConfigError: it is broken, and is left alone."""
    return config_file.read(path) if config_file.exists(path) else {}


def show(path=PATH):
    """Prints every setting: its value (secrets masked), its default, what it means."""
    given = given_in(path)
    for key, default, _, secret, meaning in SETTINGS:
        value = given.get(key)
        text = "not set" if value is None else "***" if secret and value else json.dumps(value)
        if default == NEEDED:
            meaning += "; needed"
        elif default not in (None, ""):
            meaning += "; default " + json.dumps(default)
        print("%-17s %-20s %s" % (key, text, meaning))
    for key in given:
        if key not in [row[0] for row in SETTINGS]:
            print("%s: no such setting; config.unset(%s) removes it" % (key, json.dumps(key)))


def set(**values):
    """config.set(mqtt_host="192.168.2.245", publish_rate=5): checked, and all of them saved, or none. ConfigError."""
    given = given_in(PATH)
    known = [row[0] for row in SETTINGS]
    errors = ["%s: no such setting" % key for key in sorted(values) if key not in known and key not in given]
    if errors:
        raise ConfigError("\n".join(errors))
    given.update(values)
    given = dict([(key, value) for key, value in given.items() if value is not None])
    check(given, whole=False)
    config_file.save(PATH, given, known)
    needed = ", ".join(missing(given))
    print("saved; " + ("still needed: " + needed if needed else "it counts from the next start on: import machine; "
          "machine.reset()"))  # fmt: skip


def unset(*keys):
    """config.unset("publish_rate"): back to the default. ConfigError."""
    set(**dict([(key, None) for key in keys]))
