"""Settings: what is taken, and what is refused with words. Runs on CPython and on MicroPython."""

from firmware import config

NEEDED = {"wifi_ssid": "my network", "mqtt_host": "broker.lan"}
SECRETS = ("wifi_pass", "mqtt_pass", "update_key")
# setting, values that are taken as they are
GOOD = (
    ("network", ("wifi", "wt32-eth01", "olimex-poe")), ("wifi_ssid", ("x", "x" * 32, "ü" * 16, " a b ")),
    ("wifi_pass", ("", "x" * 63, "12345678", "ü" * 4)), ("mqtt_host", ("192.168.2.245", "a.b-c.example", "x" * 253)),
    ("mqtt_port", (1, 65535)), ("mqtt_root", ("a", "a/b/c", "Küche", "x" * 64)), ("publish_rate", (1, 300)),
    ("rack_name", ("Main", "rack 2", "$x", "\ud7ff\ue000", "\U0001f50b")), ("baud", (1200, 4800, 9600, 115200)),
    ("dialect", ("auto", "framed", "console", "rs485", "pace")), ("discovery", (True, False)),
    ("led", ("off", 2, -2, 48, -48)), ("update_key", ("", "k" * 16, "k" * 64)),
)  # fmt: skip
# setting, values that are refused, and what the message says beside the setting's name
BAD = (
    ("network", ("lan", "", "WIFI", 1, True), '"wt32-eth01"'),
    ("wifi_ssid", ("", "x" * 33, "ü" * 17), "1 to 32 bytes"),
    ("wifi_pass", ("x" * 64, "ü" * 32), "0 to 63 bytes"), ("wifi_pass", ("x", "1234567", "ü" * 3), "8 to 63 bytes"),
    ("hostname", ("", "x" * 33), "1 to 32 bytes"),
    ("ip", ("192.168.2.50", "192.168.2.50/", "192.168.2.50/33", "192.168.2.50/24/1", "192.168.2.50/024", "x/24",
            "192.168.2.0/24", "192.168.2.255/24", "192.168.2/24", "0.0.0.1/8", "127.0.0.1/8", "224.0.0.1/24",
            "192.168.2.50/31", "192.168.2.50/7", "1.2.3.256/24", "1.2.3.04/24", 5, True), "192.168.2.50/24"),
    ("gateway", ("router", "192.168.2", "192.168.2.256", "1.2.3.4.5", " 1.2.3.4", 1, "1.2.3.4/24"), "192.168.2.1"),
    ("dns", ("one.one.one.one", "8.8.8", "8.8.8.-8", 8), "192.168.2.1"),
    ("mqtt_host", ("mqtt://broker", "broker:1883", "a b", "broker/x"), "mqtt_port"),
    ("mqtt_host", ("", "x" * 254), "bytes"), ("mqtt_user", ("x" * 129,), "0 to 128 bytes"),
    ("mqtt_port", (0, 65536, -1, 1883.0, "1883", True, False), "from 1 to 65535"),
    ("mqtt_root", ("a/+/b", "+", "a#", "#"), "+ or #"), ("mqtt_root", ("/", "/a", "a//b", "//"), "empty level"),
    ("mqtt_root", ("", "x" * 65), "bytes"), ("rack_name", ("a/b", "Main/", "/"), "/"),
    ("mqtt_tls", (1, 0, "true", "yes", [], {}), "true"), ("publish_rate", (0, 301), "from 1 to 300"),
    ("baud", (9601, 0, 4800.0, "4800", True), "1200, 2400, 4800"), ("dialect", ("text", "", 1, "Auto"), '"framed"'),
    ("led", ("on", 49, -49, 2.0, True, ""), '"off"'), ("update_key", ("k" * 15, "k" * 65, "ü" * 33), "16 to 64 bytes"),
)  # fmt: skip
# of every text, a check of each kind
TEXTS = ("wifi_ssid", "wifi_pass", "mqtt_host", "mqtt_root", "rack_name", "update_key")
BAD_TEXTS = (((5, 1.5, True, ["x"], {"x": 1}), "text"), (("a\nb", "a\0b", "\x1b", "\ud800", "\udfff"), "no UTF-8"))
IP = {"ip": "192.168.2.50/24"}
TLS = {"mqtt_tls": True, "mqtt_ca": "ca.pem"}
LONG = {"mqtt_root": "r" * 64, "rack_name": "k" * 49}  # 122 bytes is the limit of umqtt.simple
QUIET = {"mqtt_root": "r" * 50, "rack_name": "k" * 28, "discovery": False}  # the configs are subscribed to
# settings that go together or not: the setting that is named, or None
TOGETHER = (
    ({"mqtt_tls": True}, "mqtt_ca"), ({"mqtt_pass": "secret"}, "mqtt_user"),
    ({"uart_tx": 5, "uart_rx": 5}, "uart_rx"), ({"uart_tx": 32}, "uart_rx"), ({"led": -33}, "led"),
    ({"network": "wt32-eth01", "uart_tx": 21}, "uart_tx"), ({"network": "wt32-eth01", "uart_rx": 16}, "uart_rx"),
    ({"network": "olimex-poe", "led": -12}, "led"), ({"network": "wt32-eth01", "wifi_ssid": None}, None),
    ({"gateway": "192.168.2.1"}, "ip"), ({"dns": "192.168.2.1"}, "ip"), (IP, "gateway"),
    (dict(IP, gateway="192.168.3.1"), "gateway"), (dict(IP, gateway="192.168.2.50"), "gateway"),
    (dict(IP, mqtt_host="192.168.3.2"), "gateway"), (dict(IP, gateway="192.168.2.1"), None),
    (dict(IP, mqtt_host="192.168.2.245"), None), ({"ip": "192.168.2.50/30", "gateway": "192.168.2.49"}, None),
    ({"ip": "10.1.2.3/8", "gateway": "10.255.0.1", "dns": "9.9.9.9", "mqtt_host": "192.168.3.2"}, None),
    (dict(LONG, rack_name="ä" * 25), None), (dict(LONG, rack_name="ä" * 25 + "k"), "mqtt_root"),
    (dict(LONG, rack_name="k" * 48, update_key="k" * 16), None), (dict(LONG, update_key="k" * 16), "mqtt_root"),
    (QUIET, "mqtt_root"), (dict(QUIET, discovery_prefix="home"), None), (dict(QUIET, rack_name="k" * 27), None),
)  # fmt: skip
# what follows from what was given
FOLLOWS = (
    ({}, "mqtt_port", 1883), (TLS, "mqtt_port", 8883), ({"mqtt_port": 8883}, "mqtt_port", 8883),
    (dict(TLS, mqtt_port=1883), "mqtt_port", 1883), ({"mqtt_root": "home/battery/"}, "mqtt_root", "home/battery"),
    ({"discovery_prefix": "ha/"}, "discovery_prefix", "ha"), ({"publish_rate": None, "led": None}, "publish_rate", 10),
)  # fmt: skip


def given(**changes):
    values = dict(NEEDED)
    values.update(changes)
    return values


def complaint(settings):
    """The text of the ConfigError."""
    try:
        config.check(settings)
    except config.ConfigError as error:
        return str(error)
    raise AssertionError(f"taken: {settings}")


def check_good_values():
    for key, values in GOOD:
        for value in values:
            got = config.check(given(**{key: value}))[key]
            assert got == value and type(got) is type(value), (key, value)


def check_bad_values_are_named():
    for key, values, words in BAD + tuple([(key, bad, why) for key in TEXTS for bad, why in BAD_TEXTS]):
        for value in values:
            text = complaint(given(**{key: value}))
            assert text.startswith(key + ": ") and words in text and "\n" not in text, (key, value, text)


def check_what_goes_together():
    for changes, key in TOGETHER:
        if key:
            assert complaint(given(**changes)).startswith(key + ": "), changes
        else:
            config.check(given(**changes))
    config.check(IP, whole=False)  # one is set after the other


def check_what_follows():
    for changes, key, value in FOLLOWS:
        values = given(**changes)
        assert config.check(values)[key] == value and values == given(**changes), changes


def check_all_that_is_wrong_is_named_at_once():
    unlike = given(a=1)
    unlike[5] = unlike[None] = 1  # MicroPython's JSON takes such keys
    for settings, lines in (
        ({}, ["wifi_ssid: not set", "mqtt_host: not set"]), (given(mqtt_host=None), ["mqtt_host: not set"]),
        ({"network": "wt32-eth01"}, ["mqtt_host: not set"]), (given(WIFI_SSID=1), ["WIFI_SSID: no such setting"]),
        (unlike, ["5: no such setting", "None: no such setting", "a: no such setting"]),
    ):  # fmt: skip
        assert complaint(settings).split("\n") == lines
    lines = complaint({"mqtt_host": "a:b", "publish_rate": 0, "zz": 1, "aa": 2}).split("\n")
    assert sorted([line.split(":")[0] for line in lines]) == ["aa", "mqtt_host", "publish_rate", "wifi_ssid", "zz"]
    for value in ([], [1], "x", 5, None, True):
        assert "object" in complaint(value), value


def check_secrets_are_marked_and_in_no_text():
    assert tuple([row[0] for row in config.SETTINGS if row[3]]) == SECRETS
    for key in SECRETS:
        for value in ("hunter2" * 30, "hunter2\n", ["hunter2"], {"hunter2": 1}):
            assert "hunter2" not in complaint(given(**{key: value})), (key, value)
    assert "hunter2" not in complaint(given(mqtt_pass="hunter2", wifi_pass="hunter2", baud=5))
