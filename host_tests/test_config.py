"""config.json.example: every setting with its default, in the order of the table."""

import json

from firmware import config


def test_it_is_complete_and_right(project):
    example = json.loads((project / "config.json.example").read_text())
    assert list(example) == [row[0] for row in config.SETTINGS]
    assert config.check(example) == config.load(str(project / "config.json.example"))
    needed = {"wifi_ssid", "wifi_pass", "mqtt_host"}
    assert {key: value for key, value in example.items() if key not in needed} == {
        key: default for key, default, *_ in config.SETTINGS if key not in needed}  # fmt: skip
