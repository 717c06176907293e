"""The bench: what it makes of what was measured."""

from __future__ import annotations

import pytest

from tools import bench
from tools import bench_runs as runs


@pytest.mark.parametrize("least", [49, 79, 80, 119, 240])
def test_the_smallest_heap_is_found(least):
    assert runs.smallest(lambda kilobytes: kilobytes >= least, 48, 240) == least


def test_a_heap_that_never_fits_is_told():
    with pytest.raises(runs.BenchError, match="240 KB"):
        runs.smallest(lambda kilobytes: False, 48, 240)


def test_instructions_are_divided_by_the_readings_between_two_runs(monkeypatch):
    counts = {runs.FIRST_CYCLES: runs.Count(500, 5, 20, 0), runs.LAST_CYCLES: runs.Count(980, 11, 44, 0)}
    monkeypatch.setattr(runs, "count", lambda cycles, dialect: counts[cycles])
    assert runs.reading_instructions("framed") == 20


def test_instructions_are_divided_by_the_configs_of_a_birth(monkeypatch):
    monkeypatch.setattr(runs, "count", lambda cycles, births, discovery: runs.Count(*(
        (900, cycles, 64, 10) if births else (400, cycles, 64, 5))))  # fmt: skip
    assert runs.config_instructions() == 100


def test_two_runs_without_a_difference_are_no_measurement(monkeypatch):
    monkeypatch.setattr(runs, "count", lambda cycles, dialect: runs.Count(500, 5, 20, 0))
    with pytest.raises(runs.BenchError):
        runs.reading_instructions("framed")


@pytest.mark.parametrize(("reading", "status", "word"), [(8.0, 0, "met"), (8.1, 1, "MISSED")])
def test_a_missed_budget_is_said_and_is_the_exit_status(monkeypatch, capsys, reading, status, word):
    monkeypatch.setattr(runs, "has_valgrind", lambda: True)
    monkeypatch.setattr(runs, "reading_instructions", lambda dialect: reading * bench.MILLION)
    monkeypatch.setattr(runs, "config_instructions", lambda: bench.MILLION)
    assert bench.main(["--quick"]) == status
    assert capsys.readouterr().out.splitlines()[2].split()[-1] == word


def test_without_valgrind_it_says_so_and_nothing_is_missed(monkeypatch, capsys):
    monkeypatch.setattr(runs, "has_valgrind", lambda: False)
    assert bench.main(["--quick"]) == 0
    assert "valgrind" in capsys.readouterr().out


def test_what_cannot_be_measured_is_told(monkeypatch, capsys):
    def fail(dialect):
        raise runs.BenchError("no way")

    monkeypatch.setattr(runs, "has_valgrind", lambda: True)
    monkeypatch.setattr(runs, "reading_instructions", fail)
    assert bench.main(["--quick"]) == 1
    assert "no way" in capsys.readouterr().err
