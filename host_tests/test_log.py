"""telemetry.Log: three levels, one line an event; warnings and errors are heard whatever is printed."""

import pytest

from firmware.telemetry import Log

SAID = ["error: broker 1", "warning: battery 2", "info: all %s well"]


@pytest.mark.parametrize(("level", "count"), [("error", 1), ("warning", 2), ("info", 3)])
def test_levels(level, count):
    lines, heard = [], []
    log = Log(level, lines.append)
    log.listen(heard.append)
    log.error("broker %d", 1)
    log.warning("%s %d", "battery", 2)
    log.info("all %s well")
    assert (lines, heard) == (SAID[:count], ["broker 1", "battery 2"])


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError):
        Log("debug")
