"""config.py and config_file.py: the settings, checked, read and saved."""

import json

import pytest

from firmware import config


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n  "], ids=["plain", "BOM", "space"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_load(tmp_path, before, ascii_only):
    settings = {"wifi_ssid": "Küche", "wifi_pass": "hunter2!", "mqtt_host": "broker", "publish_rate": 5}
    path = tmp_path / "config.json"
    path.write_bytes(before + json.dumps(settings, ensure_ascii=ascii_only, indent=1).encode())
    assert config.load(str(path)) == config.check(settings)


def test_example_is_complete_and_right(project):
    """Every setting with its default, in the order of the table."""
    example = json.loads((project / "config.json.example").read_text())
    assert list(example) == [row[0] for row in config.SETTINGS]
    assert config.check(example) == config.load(str(project / "config.json.example"))
    needed = {"wifi_ssid", "wifi_pass", "mqtt_host"}
    assert {key: value for key, value in example.items() if key not in needed} == {
        key: default for key, default, *_ in config.SETTINGS if key not in needed}  # fmt: skip
