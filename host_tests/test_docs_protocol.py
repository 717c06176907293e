"""docs/protocol.md: its frames and answers are decoded, its tables are the firmware's, its sections those we cite."""

from __future__ import annotations

import re

import markdown
import pytest

from firmware.battery import console_cells, console_table, console_values, console_wake, frame, hunt, messages, search
from firmware.battery.console_line import _checked
from tools import environment

PAGE = environment.PROJECT / "docs" / "protocol.md"
TEXT = PAGE.read_text()
FRAMES, ANSWERS = markdown.blocks(TEXT, "frames"), markdown.blocks(TEXT, "console")
MAKERS = {
    frame.ANALOG_VALUES: messages.analog_values, frame.ALARMS: messages.alarms,
    frame.SYSTEM_PARAMETERS: messages.system_parameters, frame.MANUFACTURER: messages.manufacturer,
    frame.PACK_COUNT: messages.pack_count, frame.MANAGEMENT: messages.management,
    frame.SERIAL_NUMBER: messages.serial_number, frame.SET_RATE: lambda info: repr(info) if info else "ok",
}  # fmt: skip
SECTION = re.compile(r"§(\d+(?:\.\d+)?)(?: to §(\d+(?:\.\d+)?))?")
SOURCES = ("firmware", "tools")


def frames_of(block):
    """-> (request, reply or None, what it says)."""
    lines = block.text.splitlines()
    said = " ".join(line.strip() for line in lines if line[:1] not in "<>")
    found = {line[0]: line[2:] for line in lines if line[:1] in "<>"}
    return found[">"].encode(), found.get("<", "").encode(), said


def meaning(request, reply):
    """What the firmware makes of a reply, in words."""
    cid2 = frame.decode(request).code
    answer = frame.decode(reply)
    if answer.code:
        return f"RTN {answer.code:02X}H"
    value = MAKERS[cid2](answer.info)
    return value if isinstance(value, str) else repr(value)


@pytest.mark.parametrize("block", FRAMES, ids=[f"{block.heading}: {block.text[2:24]}" for block in FRAMES])
def test_frames_say_what_stands_below_them(block):
    request, reply, said = frames_of(block)
    if not reply:
        assert request + b"\r" == console_wake._WAKE_UP
        return
    asked = frame.decode(request)
    assert frame.encode(asked.code, asked.info) == request + b"\r"
    assert meaning(request, reply) == said


def test_every_command_has_an_example():
    assert {frame.decode(frames_of(block)[0]).code for block in FRAMES} - {0x82} == {*MAKERS}
    assert {*MAKERS} | {frame.PROTOCOL_VERSION} == set(frame.COMMANDS)


def test_a_wrong_example_is_seen():
    request, reply, said = frames_of(FRAMES[0])
    assert meaning(request, reply) == said == "2"
    assert meaning(request, b"~20014600E00203FD39") == "3"
    with pytest.raises(frame.FrameError):
        meaning(request, b"~20014600E00203FD3A")


def values_of(block):
    """-> what the firmware makes of an answer of the text console, in the words of the page; what the page says."""
    lines = block.text.splitlines()
    command, at, *rest = lines
    command = command.partition(">")[2]
    assert at == "@" and rest[-4:-1][0] == "Command completed successfully" and rest[-3] == "$$"
    body = iter([line for line in rest[:-4] if line.strip()])
    name, _, pack = command.partition(" ")
    _checked(name, int(pack) if pack else None)
    if command == "pwr":
        (there, mos, _), _ = console_table.table(body, None)
        return f"packs {there}, MosTempr {mos}", rest[-1]
    if name == "pwr":
        voltage, current, bms, coulomb, capacity, said = console_values.pack_values(body, int(pack))[0][:6]
        words = ", ".join(f"{key} {said[key]}" for key in ("Basic Status", "Heater Status"))
        return f"{voltage} mV, {current} mA, {bms} x 0.1 °C, {coulomb} %, {capacity} mAh, {words}", rest[-1]
    cells, temperatures, _, _, balancing, states, _ = console_cells.cell_values(body, int(pack))[0][:7]
    return (f"cells {cells}, temperatures {temperatures}, balancing {balancing}, states of voltage {tuple(states[0])}",
            rest[-1])  # fmt: skip


@pytest.mark.parametrize("block", ANSWERS, ids=[block.text.splitlines()[0] for block in ANSWERS])
def test_answers_of_the_text_console_say_what_stands_below_them(block):
    made, said = values_of(block)
    assert said == "= " + made


def test_commands_of_the_table_are_those_that_can_be_sent():
    rows = markdown.table(TEXT, "CID2", "asks for")
    assert sorted(int(row[0][:2], 16) for row in rows) == sorted(frame.COMMANDS)
    for (command, _, _) in markdown.table(TEXT, "command", "asked"):
        name, _, pack = command.strip("`").partition(" ")
        assert _checked(name, 1 if pack else None)


def test_return_codes_are_those_of_the_log():
    rows = markdown.table(TEXT, "RTN")
    assert [row[0] for row in rows if row[0] != "00H"] == re.findall(r"RTN (\w+)", hunt._RETURN_CODES)


def test_rates():
    section = TEXT[TEXT.index("## 5.") : TEXT.index("## 6.")]
    assert ", ".join(map(str, search._RATES[:-1])) + f" and {search._RATES[-1]} baud" in section


def cited(text):
    """-> the numbers of sections that are cited."""
    return {number for pair in SECTION.findall(text) for number in pair if number}


def sections():
    """-> the numbers that the headings carry, their own and those of the document."""
    found = set()
    for heading in markdown.headings(TEXT):
        own = re.match(r"[\d.]*\d", heading)
        found |= {own[0]} if own else set()
        for first, last in SECTION.findall(heading):
            found.add(first)
            if last:
                chapter, low = first.split(".")
                found |= {f"{chapter}.{number}" for number in range(int(low), int(last.split(".")[1]) + 1)}
    return found


def test_every_section_that_the_sources_cite_is_a_heading_here():
    known = sections()
    assert {"1", "2.5", "2.9", "3.5", "3.10", "4.5", "6"} <= known
    lost = {}
    for folder in SOURCES:
        for path in (environment.PROJECT / folder).rglob("*.py"):
            missing = cited(path.read_text()) - known
            if missing:
                lost[path.name] = missing
    assert lost == {}
