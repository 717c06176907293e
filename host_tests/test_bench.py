"""The bench: what it makes of what it saw, and that each of its measurements still runs."""

from __future__ import annotations

import json
import re

import pytest

from tools import bench, bench_board, bench_codec, environment
from tools import bench_memory as memory
from tools import bench_system as system
from tools.bench_system import Passed
from tools.broker import Broker
from tools.virtual_board import layout

QUESTION, ANSWER = 20, 100  # characters
WIRE_S = 2 * (QUESTION + ANSWER) * 10 / 4800  # of one pack


def passed(*questions):
    """[Passed] of questions (time, CID2, pack), each with its answer a quarter of a second later."""
    found = []
    for at, cid2, pack in questions:
        found.append(Passed(at, QUESTION, 4800, (cid2, pack)))
        found.append(Passed(at + 0.25, ANSWER, 4800, None))
    return found


ONE = ((10.0, b"42", b"01"), (10.3, b"44", b"01"))
OTHER = ((10.6, b"42", b"02"), (10.9, b"44", b"02"))
NEXT = ((11.2, b"42", b"01"), (11.5, b"44", b"01"))
AGAIN = ((10.6, b"42", b"01"), (10.9, b"44", b"01"))
SLOW = ((11.2, b"92", b"01"),)
# questions, totals, packs -> (seconds, until next, wire in packs, turn-round) of each cycle
CYCLES = {
    "one pack, nothing behind": (ONE, [10.6], 1, [(0.6, None, 1, 0.02)]),
    "two packs": (ONE + OTHER, [11.15], 2, [(1.15, None, 2, 0.04)]),
    "the next cycle": (ONE + OTHER + NEXT, [11.15], 2, [(1.15, 1.2, 2, 0.04)]),
    "totals that come late, the next cycle has begun": (ONE + OTHER + NEXT, [11.25], 2, [(1.25, 1.2, 2, 0.04)]),
    "a slow question behind it is not its own": (ONE + OTHER + SLOW, [11.15], 2, [(1.15, 1.2, 2, 0.04)]),
    "asked twice, of one": (ONE + AGAIN, [11.2], 1, [(0.6, None, 1, 0.02)]),
    "asked twice, of two": (ONE + OTHER[:1] + OTHER, [11.15], 2, []),
}


@pytest.mark.parametrize(("questions", "totals", "packs", "expected"), CYCLES.values(), ids=CYCLES)
def test_cycles(questions, totals, packs, expected):
    found = system.cycles(passed(*questions), totals, packs)
    assert len(found) == len(expected)
    for cycle, (seconds, until_next, wires, turn_round) in zip(found, expected, strict=True):
        assert cycle.until_next == pytest.approx(until_next)
        assert cycle._replace(until_next=None) == pytest.approx((seconds, None, wires * WIRE_S, turn_round))


def test_the_cost_of_the_wire_is_ten_bits_a_character_at_the_rate_of_each():
    assert system.wire_cost([Passed(0, 120, 1200, None), Passed(9, 480, 4800, None)]) == pytest.approx(2)


@pytest.mark.parametrize("least", [33, 64, 79, 80, 127, 128])
def test_the_smallest_heap_is_found(least):
    assert memory.smallest(lambda kilobytes: kilobytes >= least) == least


def test_a_heap_that_holds_only_now_and_then_does_not_count():
    tries = []

    def fits(kilobytes):
        tries.append(kilobytes)
        return kilobytes >= 82 or (kilobytes == 80 and tries.count(80) < memory.RUNS)

    assert memory.smallest(fits) == 82
    assert tries.count(82) == memory.RUNS


def test_a_heap_that_never_fits_is_told():
    with pytest.raises(RuntimeError, match="128 KB"):
        memory.smallest(lambda kilobytes: False)


def test_the_tap_notes_both_ways_and_changes_nothing():
    class Battery:
        baud = 4800

        def receive(self, now, data, rate):
            self.got = now, data, rate

        def take(self, now, rate):
            return (b"~reply\r", []) if now else (b"", [])

    battery = Battery()
    tap = system.Tap(battery)
    tap.receive(1.0, b"~20014642E00207FD2F\r", 4800)
    assert battery.got == (1.0, b"~20014642E00207FD2F\r", 4800) and tap.baud == 4800
    assert tap.take(0, 4800) == (b"", []) and tap.take(2.0, 4800) == (b"~reply\r", [])
    assert tap.passed == [Passed(1.0, 20, 4800, (b"42", b"07")), Passed(2.0, 7, 4800, None)]


CYCLE = {"seconds": 1.1, "wire_s": 1.0, "turn_round_s": 0.04, "ratio_without_turn_round": 1.058}
CODEC = {"theirs": 120.0, "parsed": 5.0, "as_json": 100.0, "board_parsed": 20.0, "board_as_json": 400.0,
         "as_json_ratio": 1.2, "board_parsed_ratio": 4.0, "board_as_json_ratio": 4.0}  # fmt: skip
GOALS = (
    (bench.cycle_row, (2, CYCLE | {"ratio": 1.1}), True),
    (bench.cycle_row, (2, CYCLE | {"ratio": 1.11}), False),
    (lambda found: bench.codec_rows(found)[0], (CODEC | {"parsed_ratio": 20.0},), True),
    (lambda found: bench.codec_rows(found)[0], (CODEC | {"parsed_ratio": 19.9},), False),
    (bench.heap_row, ("16 packs", 80), True),
    (bench.heap_row, ("16 packs", 81), False),
    (bench.heap_row, ("2 packs", 99), None),
)


@pytest.mark.parametrize(("make", "arguments", "met"), GOALS)
def test_goals(make, arguments, met):
    assert make(*arguments).met is met


def test_a_start_that_took_resets_says_so():
    found = {"seconds": 12.0, "wire_s": 2.5, "ratio": 4.8}
    assert "resets" not in bench.start_row("", found | {"resets": 0}).to
    assert "1 resets" in bench.start_row("", found | {"resets": 1}).to


def test_the_table_names_the_machine_and_says_which_goal_is_missed():
    rows = [bench.cycle_row(1, CYCLE | {"ratio": 1.5}), bench.heap_row("16 packs", 79), bench.heap_row("1 pack", 70)]
    head, titles, *lines = bench.text(bench.machine(), rows).splitlines()
    assert re.match(r"\d{4}-\d\d-\d\d: ", head) and "MicroPython" in head
    assert re.search(r", [A-Z]\w+ \d+\.\d+, CPython", head)
    assert [line.split("  ")[-1] for line in lines] == ["MISSED", "met", "heap of 80 KB"]
    assert {line.index("heap of") for line in lines[1:]} == {titles.index("to ")}


def test_json_goes_to_stdout_alone(monkeypatch, capfd):
    monkeypatch.setattr(bench, "measure", lambda sizes: [bench.heap_row(str(sizes.heaps[-1]), 79)])
    assert bench.main(["--json", "--quick"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["machine"]["cores"] and said["rows"][0]["figures"] == {"kilobytes": 79}


def test_what_cannot_be_measured_is_told(monkeypatch, capsys):
    def fail(sizes):
        raise environment.SetupError("no way")

    monkeypatch.setattr(bench, "measure", fail)
    assert bench.main([]) == 1
    assert "no way" in capsys.readouterr().err


def test_json_of_the_bench_is_a_reading_and_the_same_on_micropython(tmp_path):
    lines = bench_codec.replies()
    line = lines[bench_codec.ANALOG_VALUES]
    reading = json.loads(bench_board.as_json(line, bench_board.pack_table()))
    _, (analog,) = bench_board.parsed(line)
    assert [cell["Reading"] * 1000 for cell in reading["Cells"].values()] == pytest.approx(list(analog.cells))
    layout.lay_out(tmp_path)
    assert all(us > 0 for us in bench_codec.on_board(tmp_path, line, 1).values())


def test_two_that_do_not_read_the_same_are_not_compared():
    class Theirs:
        NumberOfModule, CellVoltages, Current, RemainingCapacity, CycleNumber = 1, [3.3, 3.301], -6.3, 41.442, 31

    ours = 1, [analog_of([3300, 3301])]
    bench_codec.agree(ours, Theirs)
    with pytest.raises(ValueError, match="do not read the same"):
        bench_codec.agree((1, [analog_of([3300, 3302])]), Theirs)


def analog_of(cells):
    from firmware.battery.messages import Analog

    return Analog(tuple(cells), (), -6300, sum(cells), 41442, 50000, 31)


@pytest.mark.slow
def test_what_runs_the_whole_firmware(tmp_path):
    with Broker(tmp_path) as broker:
        assert system.cycle_times(broker, 1, 1)["ratio"] > 1
        found = memory.allocation(broker)
        assert found["bytes"] > found["published"] > 0
        assert not memory.fits(broker, 1, memory.SMALLEST_K)
        assert memory.fits(broker, 1, memory.LARGEST_K)
