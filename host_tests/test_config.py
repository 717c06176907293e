"""config.py and config_file.py: the settings, checked, read and saved."""

import json

import pytest

from firmware import config

SETTINGS = {"wifi_ssid": "Küche", "wifi_pass": "hunter2!", "mqtt_host": "broker", "publish_rate": 5}


@pytest.fixture
def written(tmp_path):
    """written(bytes) -> path of a file with them."""

    def write(data):
        path = tmp_path / "config.json"
        path.write_bytes(data)
        return str(path)

    return write


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n  "], ids=["plain", "BOM", "space"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_load(written, before, ascii_only):
    path = written(before + json.dumps(SETTINGS, ensure_ascii=ascii_only, indent=1).encode())
    assert config.load(path) == config.check(SETTINGS)


def test_missing_file(tmp_path):
    path = str(tmp_path / "config.json")
    with pytest.raises(config.ConfigError, match=f"{path} is missing"):
        config.load(path)


def test_a_directory(tmp_path):
    with pytest.raises(config.ConfigError, match="cannot be read"):
        config.load(str(tmp_path))


def test_errors_of_a_file_are_those_of_check(written):
    with pytest.raises(config.ConfigError, match="wifi_ssid: not set\nmqtt_host: not set\nbaud: "):
        config.load(written(b'{"baud": 9601}'))


def test_example_is_complete_and_right(project):
    """Every setting with its default, in the order of the table."""
    example = json.loads((project / "config.json.example").read_text())
    assert list(example) == [row[0] for row in config.SETTINGS]
    assert config.check(example) == config.load(str(project / "config.json.example"))
    needed = {"wifi_ssid", "wifi_pass", "mqtt_host"}
    assert {key: value for key, value in example.items() if key not in needed} == {
        key: default for key, default, *_ in config.SETTINGS if key not in needed}  # fmt: skip
