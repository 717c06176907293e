"""docs/protocol.md: its frames say what stands below them, its commands are those that can be sent."""

from __future__ import annotations

import markdown
import pytest

from firmware.battery import frame
from tools import decode_values, environment
from tools.capture_port import WAKE_UP, is_allowed

TEXT = (environment.PROJECT / "docs" / "protocol.md").read_text()
FRAMES = markdown.blocks(TEXT, "frames")
MAKERS = {cid2: parse for cid2, (_, _, parse) in decode_values.COMMANDS.items() if parse}
MAKERS[frame.SET_RATE] = lambda info: repr(info) if info else "ok"


def frames_of(block):
    """-> (request, reply or None, what it says)."""
    lines = block.text.splitlines()
    said = " ".join(line.strip() for line in lines if line[:1] not in "<>")
    found = {line[0]: line[2:] for line in lines if line[:1] in "<>"}
    return found[">"].encode(), found.get("<", "").encode(), said


def meaning(request, reply):
    """What the firmware makes of a reply, in words."""
    answer = frame.decode(reply)
    if answer.code:
        return f"RTN {answer.code:02X}H"
    value = MAKERS[frame.decode(request).code](answer.info)
    return value if isinstance(value, str) else repr(value)


@pytest.mark.parametrize("block", FRAMES, ids=[f"{block.heading}: {block.text[2:24]}" for block in FRAMES])
def test_frames_say_what_stands_below_them(block):
    request, reply, said = frames_of(block)
    if not reply:
        assert request + b"\r" == WAKE_UP
        return
    asked = frame.decode(request)
    assert frame.encode(asked.code, asked.info) == request + b"\r"
    assert meaning(request, reply) == said


def test_every_command_has_an_example():
    assert {frame.decode(frames_of(block)[0]).code for block in FRAMES} - {0x82} == {*MAKERS}
    assert {*MAKERS} | {frame.PROTOCOL_VERSION} == set(frame.COMMANDS)


def test_commands_of_the_tables_are_those_that_can_be_sent():
    rows = markdown.table(TEXT, "CID2", "asks for")
    assert sorted(int(row[0][:2], 16) for row in rows) == sorted(frame.COMMANDS)
    for command, _, _ in markdown.table(TEXT, "command", "asked"):
        assert is_allowed(command.strip("`").replace("N", "1").encode() + b"\n")
