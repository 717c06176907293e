"""The budgets: instructions of a reading and of a Home Assistant config, and the heap that sixteen packs run in."""

import pytest

from tools import bench

pytestmark = pytest.mark.slow
counted = pytest.mark.skipif(not bench.VALGRIND, reason="no valgrind here, which counts instructions")


@counted
@pytest.mark.parametrize("dialect", bench.READING_BUDGETS)
def test_instructions_of_a_reading(dialect):
    assert bench.reading_instructions(dialect) <= bench.READING_BUDGETS[dialect]


@counted
def test_instructions_of_a_config():
    assert bench.config_instructions() <= bench.CONFIG_BUDGET


@pytest.mark.parametrize("dialect", [*bench.READING_BUDGETS, "rs485", "pace"])
def test_sixteen_packs_fit_into_the_heap(dialect):
    assert bench.fits(bench.HEAP_CHIP_K if dialect == "pace" else bench.HEAP_BUDGET_K, dialect)
