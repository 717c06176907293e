"""For the REPL: `from firmware import setup; setup.ask()` asks for the settings that are missing, one by one."""

import network

from . import config

_ASKED = (
    ("wifi_ssid", "its number or its name"), ("wifi_pass", "empty: an open network"),
    ("mqtt_host", "such as 192.168.2.245"), ("mqtt_user", "empty: none"), ("mqtt_pass", "empty: none"),
)  # fmt: skip


def ask(answer=input):
    """Asks by `answer` for what config.json lacks, and saves it in the end; Ctrl-C: nothing is saved. ConfigError."""
    given = config.given_in(config.PATH)
    answers = {}
    for key, hint in _ASKED:
        no_wifi = key.startswith("wifi") and given.get("network") not in (None, "wifi")
        no_user = key == "mqtt_pass" and not (answers.get("mqtt_user") or given.get("mqtt_user"))
        if given.get(key) is not None or no_wifi or no_user:
            continue
        if not answers:  # MicroPython's prompt drops them without a word
            print(r'letters beyond ASCII: config.set(wifi_ssid="Caf\xe9"), or tools/configure.py')
        names = _networks() if key == "wifi_ssid" else ()
        for number, name in enumerate(names, 1):
            print("%3d  %s" % (number, name))
        answers[key] = _valid(key, hint, names, answer)
    if answers:
        config.set(**answers)
    else:
        print("nothing is missing; config.show() tells all settings, config.set(name=value) changes them")


def _valid(key, hint, names, answer):
    """What was typed, asked again until it is right; the number of one of `names` stands for it."""
    (row,) = [row for row in config.SETTINGS if row[0] == key]
    while True:
        value = answer("%s, %s (%s): " % (key, row[4].split(";")[0], hint))
        if value not in names and value in [str(number) for number in range(1, len(names) + 1)]:
            value = names[int(value) - 1]
        why = row[2](value)
        if names and value.isdigit() and value not in names:
            why = "has no number %s above; config.set() takes such a name" % value
        if not why:
            return value
        print("%s %s" % (key, why))


def _networks():
    """Names of the Wi-Fi networks in reach, the strongest first; none when the radio cannot tell."""
    wlan = network.WLAN(network.STA_IF)
    try:
        wlan.active(True)
        if not wlan.isconnected():
            wlan.disconnect()  # while it tries to connect it does not look around
        found = wlan.scan()
    except (OSError, RuntimeError) as error:
        print("the radio cannot list networks: %s" % error)
        return []
    names = []
    for one in sorted(found, key=lambda one: -one[3]):
        try:
            name = one[0].decode()
        except ValueError:  # no text: it cannot be a setting
            continue
        if name and name not in names:
            names.append(name)
    return names
