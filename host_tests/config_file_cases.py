"""Settings shown, changed and saved; a broken file. Runs on CPython and on MicroPython."""

import json
import os
from binascii import hexlify

from firmware import config, config_file

OLD = b'{"wifi_ssid": "my network", "mqtt_host": "old", "wifi_pass": "hunter2!"}'
# data, the line that is named, part of what is said
BROKEN = (
    (b"", 1, "{"), (b'"hunter2"', 1, "object"), (b'{"a" 1}', 1, "colon"), (b'{5: 1}', 1, "a name in quotes"),
    (b'{\n"wifi_pass": "hunter2"\n"b": 1\n}', 2, "comma"), (b'{\n"a": 1,\n}', 3, "comma too many"),
    (b'{\n"a": 1}\n}', 3, "nothing more"), (b'{\n"wifi_pass": "hunter2,\n"b": 1}', 2, "closing quote"),
    (b'{\n"wifi_pass": "hunter2\\"}', 2, "closing quote"), (b"{\n'wifi_pass': 'hunter2'}", 2, "straight quotes"),
    ('{\n"a": “hunter2”}'.encode(), 2, "straight quotes"), (b'{\n"a": True}', 2, "no number"),
    (b'{"a": [1]}', 1, "a value"), (b'{\n"a": "hunter2\xff"}', 2, "UTF-8"), (b'{\n"a":5-5}', 2, "a number"),
    (b'{\n"a": 1,\n"b": 2,\n"a": 3}', 4, '"a" is there twice'), (b'{\n"wifi_pass":"hunter2\\u12"}', 2, "backslash"),
)  # fmt: skip
WHOLE = (
    b"{}", b' {\r\n\t"a" :1 , "b":true}\r\n', b'{"a":"x\\"y{}[]:,\\\\"}', b'{"a":-1.5e+3,"b":null,"c":false}', OLD,
    '{"a": "Küche €"}'.encode(), b'{"a":"\\u00e9\\\\","b":-0.5,"c":0,"d":12e3}', b'{"a":"x\\\\u"}',
)  # fmt: skip
BYTES_MAX = 4096


class Settings:
    """Lie in a file with this `data` (None: there is none) while it is entered; what is printed is in `lines`."""

    def __init__(self, data=OLD, directory="/tmp"):
        self.path, self.lines = f"{directory}/{hexlify(os.urandom(8)).decode()}.json", []
        if data is not None:
            with open(self.path, "wb") as file:
                file.write(data)

    def __enter__(self):
        config.PATH = self.path
        config.print = lambda *words: self.lines.append(" ".join([str(word) for word in words]))
        return self

    def __exit__(self, *_):
        config.PATH = "config.json"
        del config.print
        if config_file.exists(self.path):
            os.remove(self.path)

    def data(self):
        if not config_file.exists(self.path):
            return b""
        with open(self.path, "rb") as file:
            return file.read()

    def refused(self, function, *values, **settings):
        """The text of the ConfigError; the file is as before."""
        before = self.data()
        try:
            function(*values, **settings)
        except config.ConfigError as error:
            assert self.data() == before, "refused, and written"
            return str(error)
        raise AssertionError(f"taken: {values} {settings}")


def check_what_is_broken_is_named_with_its_line_and_never_overwritten():
    for data, line, words in BROKEN:
        with Settings(data) as one:
            for function, value in ((config.unset, "baud"), (config.show, one.path), (config.load, one.path)):
                text = one.refused(function, value)
                assert text.startswith(f"{one.path} is not JSON: line {line}: "), (data, text)
                assert words in text and "hunter2" not in text, (data, text)


def check_what_is_whole_is_taken_and_every_cut_of_a_file_is_seen():
    for data in WHOLE:
        assert config_file.fault(data) is None, (data, config_file.fault(data))
    for end in range(len(OLD)):
        assert config_file.fault(OLD[:end]), end


def check_a_file_that_cannot_be_read_or_written_is_told():
    for data, words in ((None, "is missing"), (OLD + b" " * (BYTES_MAX + 1 - len(OLD)), "more than 4096 bytes")):
        with Settings(data) as one:
            assert words in one.refused(config.load, one.path)
    for data in (OLD + b" " * (BYTES_MAX - len(OLD)), b"\xef\xbb\xbf" + OLD, b"\n  " + OLD):
        with Settings(data) as one:
            assert config.load(one.path) == config.check(json.loads(OLD))
    with Settings(None, "/tmp/is not there") as one:
        assert "was not saved" in one.refused(config.set, publish_rate=7)
        assert "cannot be read: " in one.refused(config.load, "/tmp")


def check_set_is_all_or_nothing():
    with Settings() as one:
        text = one.refused(config.set, mqtt_host="good", publish_rate=0, baud=9601)
        assert [line.split(":")[0] for line in text.split("\n")] == ["publish_rate", "baud"]
        assert one.refused(config.set, mqtt_host="good", mqtt_pas="hunter2") == "mqtt_pas: no such setting"
        assert "hunter2" not in one.refused(config.set, wifi_pass="hunter2" * 20)
        assert one.refused(config.set, mqtt_pass="x").startswith("mqtt_user: ")
        assert one.refused(config.set, led=33).startswith("led: ")


def check_one_after_the_other_on_an_empty_flash():
    with Settings(None) as one:
        config.set(publish_rate=5)
        assert one.lines[-1] == "saved; still needed: wifi_ssid, mqtt_host"
        config.set(mqtt_host="192.168.2.245", wifi_pass="hunter2!")
        config.set(wifi_ssid="home", rack_name='Küche "1" \\')
        assert "saved" in one.lines[-1] and "needed" not in one.lines[-1] and "hunter2" not in "\n".join(one.lines)
        found = {"publish_rate": 5, "mqtt_host": "192.168.2.245", "wifi_ssid": "home", "wifi_pass": "hunter2!",
                 "rack_name": 'Küche "1" \\'}  # fmt: skip
        assert json.loads(one.data()) == found, "only what was set"
        assert config.load(one.path) == config.check(found)


def check_unset_and_what_is_wrong_in_a_file_is_put_right():
    with Settings() as one:
        config.set(publish_rate=5, mqtt_root="a")
        config.unset("publish_rate", "mqtt_root")
        config.unset("publish_rate")  # it is not set
        assert json.loads(one.data()) == json.loads(OLD)
        assert one.refused(config.unset, "publish_rat") == "publish_rat: no such setting"
        config.unset("mqtt_host")
        assert one.lines[-1] == "saved; still needed: mqtt_host"
    with Settings(b'{"wifi_ssid": "x", "mqtt_host": "y", "baud": 9601, "typo": 1}') as one:
        assert one.refused(config.set, publish_rate=5).split("\n")[0] == "typo: no such setting"
        assert one.refused(config.unset, "typo").startswith("baud: ")
        config.show(one.path)
        assert 'config.unset("typo")' in one.lines[-1] and "9601" in "\n".join(one.lines)
        config.set(typo=None, baud=None)
        assert json.loads(one.data()) == {"wifi_ssid": "x", "mqtt_host": "y"}


def check_show_tells_all_and_no_secret():
    with Settings(OLD[:-1] + b', "mqtt_user": "me", "mqtt_pass": "hunter2"}') as one:
        config.show(one.path)
        assert "hunter2" not in "\n".join(one.lines) and '"my network"' in "\n".join(one.lines)
        for key, _, _, secret, meaning in config.SETTINGS:
            (line,) = [line for line in one.lines if line.split()[0] == key]
            assert meaning in line and ("***" in line) == (secret and key.endswith("_pass")), line
