"""Settings shown, changed and saved; a broken file. Runs on CPython and on MicroPython, on a made-up flash."""

import json

from made_flash import OLD, PATH, Flash, On, PowerCut

from firmware import config, config_file

# data, the line that is named, part of what is said
BROKEN = (
    (b"", 1, "{"),
    (b"[]", 1, "object"),
    (b'"hunter2"', 1, "object"),
    (b'{"a" 1}', 1, "colon"),
    (b'{\n"wifi_pass": "hunter2"\n"b": 1\n}', 2, "comma"),
    (b'{\n"a": 1,\n}', 3, "comma too many"),
    (b'{\n"a": 1}\n}', 3, "nothing more"),
    (b'{\n"wifi_pass": "hunter2,\n"b": 1}', 2, "closing quote"),
    (b'{\n"wifi_pass": "hunter2\\"}', 2, "closing quote"),
    (b"{\n'wifi_pass': 'hunter2'}", 2, "straight quotes"),
    ('{\n"a": “hunter2”}'.encode(), 2, "straight quotes"),
    (b'{\n"a": True}', 2, "no number"),
    (b'{"a": [1]}', 1, "a value"),
    (b'{\n"a": "hunter2\xff"}', 2, "UTF-8"),
    (b'{\n"a": 1,\n"b": 2,\n"a": 3}', 4, '"a" is there twice'),
    (b'{5: 1}', 1, "a name in quotes"),
    (b'{\n"a":5-5}', 2, "a number"),
    (b'{\n"a":+5}', 2, "no number"),
    (b'{\n"wifi_pass":"hunter2\\u12"}', 2, "backslash"),
)  # fmt: skip
WHOLE = (
    b"{}", b' {\r\n\t"a" :1 , "b":true}\r\n', b'{"a":"x\\"y{}[]:,\\\\"}', b'{"a":-1.5e+3,"b":null,"c":false}', OLD,
    '{"a": "Küche €"}'.encode(), b'{"a":"\\u00e9\\\\","b":-0.5,"c":0,"d":12e3}', b'{"a":"x\\\\u"}',
)  # fmt: skip
PADDED = OLD[:-1] + b" " * (4096 - len(OLD)) + b"}"
# what the flash gives, what load() says
UNREADABLE = ((OSError(21), "cannot be read: "), (PADDED + b" ", "more than 4096 bytes"), (OSError(2), "is missing"))


def flash_with(data):
    flash = Flash()
    flash.files[PATH] = data
    return flash


def check_what_is_broken_is_named_with_its_line_and_never_overwritten():
    for data, line, words in BROKEN:
        with On(flash_with(data)) as on:
            for function, keys, values in ((config.set, (), {"publish_rate": 5}), (config.unset, ("publish_rate",), {}),
                                           (config.show, (), {}), (config.load, (), {})):  # fmt: skip
                text = on.refused(function, *keys, **values)
                assert text.startswith(f"{PATH} is not JSON: line {line}: "), (data, text)
                assert words in text and "hunter2" not in text, (data, text)


def check_what_is_whole_is_taken_and_every_cut_of_a_file_is_seen():
    for data in WHOLE:
        assert config_file.fault(data) is None, (data, config_file.fault(data))
    for end in range(len(OLD)):
        assert config_file.fault(OLD[:end]), end


def check_a_file_that_cannot_be_read_is_told():
    for data, words in UNREADABLE:
        with On(flash_with(data)) as on:
            text = on.refused(config.load)
            assert text.startswith(PATH + " ") and words in text, text
    with On(flash_with(PADDED)):
        assert config.load()["mqtt_host"] == "old"


def check_set_is_all_or_nothing():
    with On(Flash()) as on:
        text = on.refused(config.set, mqtt_host="good", publish_rate=0, baud=9601)
        assert [line.split(":")[0] for line in text.split("\n")] == ["publish_rate", "baud"]
        assert on.refused(config.set, mqtt_host="good", mqtt_pas="hunter2") == "mqtt_pas: no such setting"
        assert "hunter2" not in on.refused(config.set, wifi_pass="hunter2" * 20)
        assert on.refused(config.set, mqtt_pass="x").startswith("mqtt_user: ")
        assert on.refused(config.set, led=33).startswith("led: ")


def check_one_after_the_other_on_an_empty_flash():
    with On(Flash(empty=True)) as on:
        config.set(publish_rate=5)
        assert on.lines[-1] == "saved; still needed: wifi_ssid, mqtt_host"
        config.set(mqtt_host="192.168.2.245", wifi_pass="hunter2!")
        config.set(wifi_ssid="home", rack_name="Küche \"1\" \\")
        assert "saved" in on.lines[-1] and "needed" not in on.lines[-1] and "hunter2" not in on.said
        found = config.load()
        assert [found[key] for key in ("publish_rate", "mqtt_host", "wifi_ssid", "wifi_pass", "rack_name")] \
            == [5, "192.168.2.245", "home", "hunter2!", "Küche \"1\" \\"]
        assert list(on.flash.files) == [PATH] and len(json.loads(on.flash.files[PATH])) == 5  # only what was set


def check_unset():
    with On(Flash()) as on:
        config.set(publish_rate=5, mqtt_root="a")
        config.unset("publish_rate", "mqtt_root")
        config.unset("publish_rate")  # it is not set
        assert json.loads(on.flash.files[PATH]) == json.loads(OLD)
        assert on.refused(config.unset, "publish_rat") == "publish_rat: no such setting"
        config.unset("mqtt_host")
        assert on.lines[-1] == "saved; still needed: mqtt_host"


def check_wrong_settings_in_a_file_can_be_put_right():
    flash = flash_with(b'{"wifi_ssid": "x", "mqtt_host": "y", "baud": 9601, "typo": 1}')
    with On(flash) as on:
        assert on.refused(config.set, publish_rate=5).split("\n")[0] == "typo: no such setting"
        assert on.refused(config.unset, "typo").startswith("baud: ")
        config.show()
        assert 'config.unset("typo")' in on.said and "9601" in on.said
        config.set(typo=None, baud=None)
        assert json.loads(flash.files[PATH]) == {"wifi_ssid": "x", "mqtt_host": "y"}


def check_a_power_cut_at_every_step_leaves_the_old_or_the_new():
    steps, seen, cut = 0, [], True
    while cut:
        flash = Flash(steps)
        flash.files[PATH + ".new"] = b'{"half'  # of a power cut before
        with On(flash):
            try:
                config.set(mqtt_host="new", publish_rate=7)
                cut = False
            except PowerCut:
                steps += 1
            found = config.load()
            seen.append((found["mqtt_host"], found["publish_rate"]))
            flash.steps = -1
            config.set(publish_rate=9)  # what is left over is in nobody's way
            assert config.load()["publish_rate"] == 9
    assert steps >= 6 and seen[0] == ("old", 10) and seen[-1] == ("new", 7) and len(set(seen)) == 2, seen


def check_a_full_flash_leaves_the_old():
    with On(Flash(full=True)) as on:
        try:
            config.set(publish_rate=7)
        except config.ConfigError:
            assert on.flash.files[PATH] == OLD
        else:
            raise AssertionError("taken")


def check_show_tells_all_and_no_secret():
    with On(Flash()) as on:
        config.set(mqtt_user="me", mqtt_pass="hunter2")
        del on.lines[:]
        config.show()
        assert "hunter2" not in on.said and '"my network"' in on.said
        for key, _, _, secret, meaning in config.SETTINGS:
            (line,) = [line for line in on.lines if line.split()[0] == key]
            assert meaning in line and ("***" in line) == (secret and key.endswith("_pass")), line
