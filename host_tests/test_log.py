"""log.py: three levels, one line an event."""

import pytest

from firmware.log import Log

SAID = ["error: broker 1", "warning: battery 2", "info: all %s well"]


def spoken(level, listener=None):
    """What is printed, of one line of each level."""
    lines = []
    log = Log(level, lines.append)
    log.listen(listener)
    log.error("broker %d", 1)
    log.warning("%s %d", "battery", 2)
    log.info("all %s well")
    return lines


@pytest.mark.parametrize(("level", "count"), [("error", 1), ("warning", 2), ("info", 3)])
def test_levels(level, count):
    assert spoken(level) == SAID[:count]


@pytest.mark.parametrize("level", ["error", "warning", "info"])
def test_listener_hears_errors_and_warnings_whatever_is_printed(level):
    heard = []
    spoken(level, heard.append)
    assert heard == ["broker 1", "battery 2"]


def test_info_is_the_default_and_print_the_way(capsys):
    Log().info("up")
    Log().error("down")
    assert capsys.readouterr().out == "info: up\nerror: down\n"


def test_unknown_level_is_refused():
    with pytest.raises(ValueError):
        Log("debug")
