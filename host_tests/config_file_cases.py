"""Settings shown, changed and saved; a broken file. Runs on CPython and on MicroPython, on a made-up flash."""

import io
import json

from firmware import config, config_file

PATH = "config.json"
OLD = b'{"wifi_ssid": "my network", "mqtt_host": "old", "wifi_pass": "hunter2!"}'
# data, the line that is named, part of what is said
BROKEN = (
    (b"", 1, "{"), (b"[]", 1, "object"), (b'"hunter2"', 1, "object"), (b'{"a" 1}', 1, "colon"),
    (b'{\n"wifi_pass": "hunter2"\n"b": 1\n}', 2, "comma"), (b'{\n"a": 1,\n}', 3, "comma too many"),
    (b'{\n"a": 1}\n}', 3, "nothing more"), (b'{\n"wifi_pass": "hunter2,\n"b": 1}', 2, "closing quote"),
    (b'{\n"wifi_pass": "hunter2\\"}', 2, "closing quote"), (b"{\n'wifi_pass': 'hunter2'}", 2, "straight quotes"),
    ('{\n"a": “hunter2”}'.encode(), 2, "straight quotes"), (b'{\n"a": True}', 2, "no number"),
    (b'{"a": [1]}', 1, "a value"), (b'{\n"a": "hunter2\xff"}', 2, "UTF-8"),
    (b'{\n"a": 1,\n"b": 2,\n"a": 3}', 4, '"a" is there twice'), (b'{5: 1}', 1, "a name in quotes"),
    (b'{\n"a":5-5}', 2, "a number"), (b'{\n"wifi_pass":"hunter2\\u12"}', 2, "backslash"),
)  # fmt: skip
WHOLE = (
    b"{}", b' {\r\n\t"a" :1 , "b":true}\r\n', b'{"a":"x\\"y{}[]:,\\\\"}', b'{"a":-1.5e+3,"b":null,"c":false}', OLD,
    '{"a": "Küche €"}'.encode(), b'{"a":"\\u00e9\\\\","b":-0.5,"c":0,"d":12e3}', b'{"a":"x\\\\u"}',
)  # fmt: skip
PADDED = OLD[:-1] + b" " * (4096 - len(OLD)) + b"}"
# what the flash gives, what load() says
UNREADABLE = ((OSError(21), "cannot be read: "), (PADDED + b" ", "more than 4096 bytes"), (OSError(2), "is missing"))


class Flash:
    """While it is entered the settings lie on this flash of one file, `data`, or an OSError; what is printed is in
    `lines`. full: nothing can be written.
    """

    def __init__(self, data=OLD, full=False):
        self.files, self.full, self.lines = {PATH: data}, full, []

    def __enter__(self):
        config_file.open = self.open
        self.os, config_file.os = config_file.os, self
        config.print = lambda *words: self.lines.append(" ".join([str(word) for word in words]))
        return self

    def __exit__(self, *_):
        config_file.os = self.os
        del config_file.open, config.print

    def open(self, name, mode):
        return Written(self, name) if "w" in mode else io.BytesIO(self.stat(name))

    def stat(self, name):
        data = self.files.get(name, OSError(2))
        if isinstance(data, OSError):
            raise data
        return data

    def rename(self, old, new):
        self.files[new] = self.files.pop(old)

    @property
    def said(self):
        return "\n".join(self.lines)

    def refused(self, function, *keys, **values):
        """The text of the ConfigError; the flash is as before."""
        before = dict(self.files)
        try:
            function(*keys, **values)
        except config.ConfigError as error:
            assert self.files[PATH] == before[PATH], "refused, and written"
            return str(error)
        raise AssertionError(f"taken: {keys} {values}")


class Written:
    def __init__(self, flash, name):
        self.flash, self.name = flash, name
        flash.files[name] = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def write(self, data):
        if self.flash.full:
            raise OSError(28)
        self.flash.files[self.name] += data


def check_what_is_broken_is_named_with_its_line_and_never_overwritten():
    for data, line, words in BROKEN:
        with Flash(data) as flash:
            for function, keys, values in ((config.set, (), {"publish_rate": 5}), (config.unset, ("publish_rate",), {}),
                                           (config.show, (), {}), (config.load, (), {})):  # fmt: skip
                text = flash.refused(function, *keys, **values)
                assert text.startswith(f"{PATH} is not JSON: line {line}: "), (data, text)
                assert words in text and "hunter2" not in text, (data, text)


def check_what_is_whole_is_taken_and_every_cut_of_a_file_is_seen():
    for data in WHOLE:
        assert config_file.fault(data) is None, (data, config_file.fault(data))
    for end in range(len(OLD)):
        assert config_file.fault(OLD[:end]), end


def check_a_file_that_cannot_be_read_or_written_is_told():
    for data, words in UNREADABLE:
        with Flash(data) as flash:
            text = flash.refused(config.load)
            assert text.startswith(PATH + " ") and words in text, text
    with Flash(PADDED):
        assert config.load()["mqtt_host"] == "old"
    with Flash(full=True) as flash:
        assert "was not saved" in flash.refused(config.set, publish_rate=7)


def check_set_is_all_or_nothing():
    with Flash() as flash:
        text = flash.refused(config.set, mqtt_host="good", publish_rate=0, baud=9601)
        assert [line.split(":")[0] for line in text.split("\n")] == ["publish_rate", "baud"]
        assert flash.refused(config.set, mqtt_host="good", mqtt_pas="hunter2") == "mqtt_pas: no such setting"
        assert "hunter2" not in flash.refused(config.set, wifi_pass="hunter2" * 20)
        assert flash.refused(config.set, mqtt_pass="x").startswith("mqtt_user: ")
        assert flash.refused(config.set, led=33).startswith("led: ")


def check_one_after_the_other_on_an_empty_flash():
    with Flash(OSError(2)) as flash:
        config.set(publish_rate=5)
        assert flash.lines[-1] == "saved; still needed: wifi_ssid, mqtt_host"
        config.set(mqtt_host="192.168.2.245", wifi_pass="hunter2!")
        config.set(wifi_ssid="home", rack_name="Küche \"1\" \\")
        assert "saved" in flash.lines[-1] and "needed" not in flash.lines[-1] and "hunter2" not in flash.said
        found = config.load()
        assert [found[key] for key in ("publish_rate", "mqtt_host", "wifi_ssid", "wifi_pass", "rack_name")] \
            == [5, "192.168.2.245", "home", "hunter2!", "Küche \"1\" \\"]
        assert list(flash.files) == [PATH] and len(json.loads(flash.files[PATH])) == 5  # only what was set


def check_unset():
    with Flash() as flash:
        config.set(publish_rate=5, mqtt_root="a")
        config.unset("publish_rate", "mqtt_root")
        config.unset("publish_rate")  # it is not set
        assert json.loads(flash.files[PATH]) == json.loads(OLD)
        assert flash.refused(config.unset, "publish_rat") == "publish_rat: no such setting"
        config.unset("mqtt_host")
        assert flash.lines[-1] == "saved; still needed: mqtt_host"


def check_wrong_settings_in_a_file_can_be_put_right():
    with Flash(b'{"wifi_ssid": "x", "mqtt_host": "y", "baud": 9601, "typo": 1}') as flash:
        assert flash.refused(config.set, publish_rate=5).split("\n")[0] == "typo: no such setting"
        assert flash.refused(config.unset, "typo").startswith("baud: ")
        config.show()
        assert 'config.unset("typo")' in flash.said and "9601" in flash.said
        config.set(typo=None, baud=None)
        assert json.loads(flash.files[PATH]) == {"wifi_ssid": "x", "mqtt_host": "y"}


def check_show_tells_all_and_no_secret():
    with Flash() as flash:
        config.set(mqtt_user="me", mqtt_pass="hunter2")
        del flash.lines[:]
        config.show()
        assert "hunter2" not in flash.said and '"my network"' in flash.said
        for key, _, _, secret, meaning in config.SETTINGS:
            (line,) = [line for line in flash.lines if line.split()[0] == key]
            assert meaning in line and ("***" in line) == (secret and key.endswith("_pass")), line
