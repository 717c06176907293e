"""Which dialect the battery speaks is found out, in simulated time: states at the start, and changes at run time."""

import itertools

import pytest
from battery_line import COUNT, SWITCH, House
from fakes import Memory

from firmware.retained import Retained

WAKE_UP = b"~20014682C0048520FCC3\r"
WHOLE_S = 60  # a search that nobody answers
STEP_MAX_MS = 2_200 + 1_300  # the wake-up, and the wait for its answer
# The longest until the other dialect is found: rounds of a console, the pauses between them, 4800 baud, then 1200
AWAY_S = 5 * 16.5 + 15 + 1.3 + 2.2


def house(state="", kept="", dialect="auto", **options):
    """-> a House at a battery that is "awake" or "asleep" as a text console, or "dead"; `kept`: what worked before."""
    memory = Memory()
    Retained(memory).remember_dialect(kept)
    it = House(dialect=dialect, retained=Retained(memory), **options)
    it.memory = memory
    if state in ("awake", "asleep"):
        it.battery.update(asleep=state == "asleep")
    it.battery.plugged = state != "dead"
    return it


def found(it, seconds=WHOLE_S):
    """Until the battery is found -> after how many ms."""
    begun = it.clock.passed_ms
    assert not it.run(seconds, lambda: not it.poller.searching).poller.searching
    return it.clock.passed_ms - begun


PACE = {"speaks": "pace", "cells": 16, "temperatures": 6}
RS485 = {"speaks": "rs485"}
STATES = (
    # state, rate, what was kept, the dialect that is found, after how long at most, options of the battery
    ("", 1200, "", "framed", 4_000, {}), ("", 4800, "", "framed", 500, {}), ("", 1200, "framed", "framed", 4_000, {}),
    ("", 19200, "", "framed", 8_000, {}), ("", 1200, "console", "framed", 20_000, {}),
    ("", 1200, "pace", "framed", 12_000, {}),
    ("awake", 1200, "", "console", 8_000, {}), ("awake", 1200, "console", "console", 500, {}),
    ("asleep", 1200, "", "console", 12_000, {}), ("asleep", 1200, "console", "console", 5_000, {}),
    ("", 115200, "", "rs485", 28_000, RS485 | {"group_number": 3}),
    ("", 9600, "console", "rs485", 28_000, RS485 | {"echo": True}),
    ("", 115200, "rs485", "rs485", 3_000, RS485 | {"group_number": 2, "echo": True}),
    ("", 9600, "", "pace", 30_000, PACE | {"version": 0x20}), ("", 9600, "console", "pace", 28_000, PACE),
    ("", 9600, "pace", "pace", 1_000, PACE), ("", 9600, "rs485", "pace", 28_000, PACE | {"version": 0x20}),
)


@pytest.mark.parametrize(("state", "baud", "kept", "name", "most_ms", "options"), STATES)
def test_every_state_at_the_start(state, baud, kept, name, most_ms, options):
    it = house(state, kept, baud=baud, **options)
    assert found(it) <= most_ms
    poller = it.poller
    assert poller.dialect.name == it.retained.dialect == Retained(it.memory).dialect == name  # survives a reset
    rate = {"console": 115200, "framed": 4800}.get(name, baud)
    assert poller.link is poller.dialect.link and poller.link.baud == rate
    it.settled()
    assert it.restarts == (name != (kept or "framed")) and it.memory.writes == bool(kept) + (name != kept)
    assert ("packs", 0, (1, 2)) in it.sink.told and {reading.pack for _, reading in it.sink.readings} == {1, 2}
    said = {pack: answer for kind, pack, answer in it.sink.told if kind == "identity"}
    assert {(answer.dialect, answer.baud) for answer in said.values()} == {(name, rate)}
    assert {answer.serial for answer in said.values()} == {pack.serial for pack in it.battery.group.packs}
    if name == "framed" == (kept or "framed"):  # a battery that speaks frames never hears it, unless it was lost
        assert WAKE_UP not in [data for _, _, data in it.run(600).uart.written]
    assert all((reading.soc is not None) == (name == "console") for _, reading in it.sink.readings)
    assert not it.battery.forbidden and it.poller.implausible == 0
    if name == "rs485" == kept:
        assert not {COUNT, SWITCH} & {cid2 for _, cid2, _ in it.questions()}
    it.battery.power_cycle(3)
    begun = it.clock.passed_ms + 1
    assert it.run(90, lambda: it.packs_read(begun)).packs_read(begun) and it.poller.dialect.name == name


@pytest.mark.parametrize("kept", ["", "console"])
def test_nobody_answers(kept):
    """A whole search is over within a minute, it is told once what to check, and it goes on with growing pauses."""
    it = house("dead", kept)
    while not it.log.texts("warning"):
        before = it.clock.passed_ms
        it.poller.step()
        assert it.clock.passed_ms - before <= STEP_MAX_MS
    (said,) = it.log.texts("warning")
    places = ["at 1200 to 19200 baud", "as text at 115200 baud"]
    assert "no battery " + " nor ".join(places[:: -1 if kept == "console" else 1]) in said
    assert "RS485" in said and "PACE" in said and "MAX3232" in said
    assert it.clock.passed_ms < WHOLE_S * 1000
    assert {rate for _, rate, _ in it.uart.written} == {1200, 2400, 4800, 9600, 19200, 115200}
    it.run(600)
    pauses_ms = [after[0] - before[0] for before, after in itertools.pairwise(it.uart.written)]
    assert max(pauses_ms) in range(60_000, 62_100)
    (_,) = it.log.texts("warning")
    it.battery.plugged = True
    found(it, 120)
    assert it.settled().poller.dialect.name == "framed"


def test_new_firmware_in_mid_life_and_back():
    it = house().settled()
    told = len(it.sink.told)
    for name, update in (("console", {"asleep": True, "pager": 7}), ("framed", {"dialect": "framed"})):
        it.battery.update(**update)
        it.run(60, lambda: it.poller.searching)
        found(it, AWAY_S)
        begun = it.clock.passed_ms
        assert it.settled().run(60).packs_read(begun)[-2:] == [1, 2]
        assert it.poller.dialect.name == it.retained.dialect == name
        assert (it.sink.readings[-1][1].soc is None) == (name == "framed")
        assert ("packs", 0, (1, 2)) in it.sink.told[told:]
    assert not it.battery.forbidden and it.restarts == 2


@pytest.mark.parametrize("state", ["", "awake", "dead"])
@pytest.mark.parametrize(("dialect", "good", "rates"), [
    ("framed", "", {1200, 2400, 4800, 9600, 19200}), ("console", "awake", {1200, 115200})])  # fmt: skip
def test_a_fixed_dialect_never_tries_the_other(dialect, good, rates, state):
    """And only then says where it looks, and names the setting."""
    it = house(state, dialect=dialect)
    it.run(150)
    assert {rate for _, rate, _ in it.uart.written} <= rates
    assert (WAKE_UP in [data for _, _, data in it.uart.written]) <= (dialect == "console")
    assert {data for _, rate, data in it.uart.written if rate == 1200} <= {WAKE_UP} or dialect == "framed"
    if state == "dead":
        (said,) = it.log.texts("warning")
        assert ("19200" in said) == (dialect == "framed") and '"dialect"' in said
    elif state == good:
        assert not it.poller.searching and it.sink.readings


@pytest.mark.parametrize("away_s", [5, 60])
def test_one_that_was_away_is_found_as_soon_as_without_the_other_dialect(away_s):
    it = house().settled()
    it.battery.plugged = False
    it.run(away_s).battery.plugged = True
    begun = it.clock.passed_ms
    it.run(120, lambda: it.packs_read(begun))
    assert it.clock.passed_ms - begun < 15_000 + min(60_000, 1000 * away_s)  # it may be in the middle of a round


def test_a_battery_of_the_force_family_is_named_and_left_alone_but_for_a_try_now_and_then():
    it = house("awake")
    it.battery.console._table = lambda now: ["Power Volt Curr UTlow CoulombAH", "1 50000 0 20000 50"]
    it.run(120)
    said = it.log.texts("warning")
    assert len(said) == 2 and "starting anew" in said[0] and "Force" in said[1] and "not known here" in said[1]
    assert not it.sink.readings and it.poller.link.polls < 40
