"""The budgets: instructions of a reading and of a Home Assistant config, the heap that sixteen packs run in, names."""

import re

import pytest
from repl_helpers import mpremote
from system_helpers import START_S, Way

from tools import bench

pytestmark = pytest.mark.slow
counted = pytest.mark.skipif(not bench.VALGRIND, reason="no valgrind here, which counts instructions")
# An ESP32 has room for 620; there it needs 300 less than here, where the virtual board has its own, and an update 26
# more. What comes then takes 4.5 KB in one piece, and with it the connection to the broker.
NAMES_MAX = 880


@counted
@pytest.mark.parametrize("dialect", bench.READING_BUDGETS)
def test_instructions_of_a_reading(dialect):
    assert bench.reading_instructions(dialect) <= bench.READING_BUDGETS[dialect]


@counted
def test_instructions_of_a_config():
    assert bench.config_instructions() <= bench.CONFIG_BUDGET


@pytest.mark.parametrize("dialect", [*bench.READING_BUDGETS, "rs485", "pace"])
def test_sixteen_packs_fit_into_the_heap(dialect):
    assert bench.trouble(bench.HEAP_BUDGET_K, dialect) == ""


@pytest.mark.parametrize("dialect", [*bench.READING_BUDGETS, "pace"])
def test_names_fit_into_the_pools_that_the_chip_has(board, broker, mqtt_client, dialect):
    settings = {"discovery": True, "dialect": "auto"}
    with Way(board, broker, mqtt_client, settings=settings, dialect=dialect, **bench.USUAL.get(dialect, {})) as way:
        way.start(repl=True)
        mqtt_client.wait_for(lambda m: m.topic == "homeassistant/device/PylonToMQTT_Main/config", 2 * START_S)
        way.health()
        said = mpremote(way.board, "resume", "exec", "import micropython; micropython.qstr_info()")
    assert int(re.search(r"n_qstr=(\d+)", said)[1]) <= NAMES_MAX, said
