"""docs/protocol.md: its frames say what stands below them, its commands are those that can be sent."""

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


@pytest.mark.parametrize("block", FRAMES, ids=[f"{block.heading}: {block.text[2:24]}" for block in FRAMES])
def test_frames_say_what_stands_below_them(block):
    request, reply, said = frames_of(block)
    if not reply:
        assert request + b"\r" == WAKE_UP
        return
    asked, answer = frame.decode(request), frame.decode(reply)
    assert frame.encode(asked.code, asked.info) == request + b"\r"
    value = f"RTN {answer.code:02X}H" if answer.code else MAKERS[asked.code](answer.info)
    assert said == (value if isinstance(value, str) else repr(value))


def test_every_command_has_an_example_and_its_row():
    assert {frame.decode(frames_of(block)[0]).code for block in FRAMES} - {0x82} == {*MAKERS}
    assert sorted(int(row[0][:2], 16) for row in markdown.table(TEXT, "CID2", "asks for")) == sorted(frame.COMMANDS)
    for command, _, _ in markdown.table(TEXT, "command", "asked"):
        assert is_allowed(command.strip("`").replace("N", "1").encode() + b"\n")
