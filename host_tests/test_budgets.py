"""The budgets: instructions of a reading and of a Home Assistant config, and the heap that sixteen packs run in."""

from __future__ import annotations

import pytest

from tools import bench
from tools import bench_runs as runs
from tools.broker import Broker

counted = pytest.mark.skipif(not runs.has_valgrind(), reason="no valgrind here, which counts instructions")
dialects = pytest.mark.parametrize("dialect", bench.READING_BUDGETS)


@counted
@pytest.mark.slow
@dialects
def test_instructions_of_a_reading(dialect):
    assert runs.reading_instructions(dialect) <= bench.READING_BUDGETS[dialect]


@counted
@pytest.mark.slow
def test_instructions_of_a_config():
    assert runs.config_instructions() <= bench.CONFIG_BUDGET


@pytest.mark.slow
@pytest.mark.parametrize("dialect", [*bench.READING_BUDGETS, "rs485", "pace"])
def test_sixteen_packs_fit_into_the_heap(dialect, tmp_path):
    heap_k = bench.HEAP_CHIP_K if dialect == "pace" else bench.HEAP_BUDGET_K
    with Broker(tmp_path) as broker:
        assert runs.fits(broker, heap_k, dialect, bench.HEAP_LONG_CYCLES)
