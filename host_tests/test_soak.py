"""The firmware for many cycles, with troubles of all kinds: it ends with the memory that it began with."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest
from simulator_by_hand import ask, make, request

from tools.virtual_board import layout

SCRIPT = "soak_on_micropython.py"
HEAP = "2M"  # not the point here; in a small one it would collect all the time
LEAK = 256  # bytes
TIMEOUT_S = 900
PUBLISH_RATE_S = 15
EVENTS = 20  # of each kind, at most
SETTLED_S = 900
FORMS = 4  # of each reading
QUESTIONS = (
    (0x4F, b""), (0x90, b""), (0x91, b"\x03"), (0x51, b""), (0x47, b""),
    *((cid2, bytes([pack])) for cid2 in (0x42, 0x44, 0x92, 0x93) for pack in (1, 2)),
)  # fmt: skip


def replies():
    """-> {question: [answers]}, of a battery that charges."""
    battery, out = make(packs=2, wide=True), {}
    battery.clock.now += SETTLED_S
    for _ in range(FORMS):
        battery.clock.now += PUBLISH_RATE_S
        for cid2, info in QUESTIONS:
            line = request(cid2, info)
            out.setdefault(line + b"\r", []).append(ask(battery, line))
    return out


@pytest.fixture
def soak(micropython, project, tmp_path):
    """soak(cycles) -> (what the script printed, its figures by name)."""

    def run(cycles):
        flash = tmp_path / "flash"
        flash.mkdir()
        layout.lay_out(flash)
        config = {"wifi_ssid": "home", "mqtt_host": "broker", "publish_rate": PUBLISH_RATE_S}
        (flash / "config.json").write_text(json.dumps(config))
        (flash / "soak_replies.py").write_text(f"REPLIES = {replies()}\n")
        done = subprocess.run(
            [micropython, "-X", f"heapsize={HEAP}", project / "host_tests" / SCRIPT, str(cycles)], cwd=flash,
            env={**os.environ, "MICROPYPATH": f"{flash}:{layout.rom()}:.frozen"}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        print(done.stdout[-8000:])
        assert done.returncode == 0
        (line,) = re.findall(r"^soak: (.*)$", done.stdout, re.MULTILINE)
        name, heap = line.split(" heap ")
        words = name.split()
        figures = dict(zip(words[::2], map(int, words[1::2]), strict=True))
        return done.stdout, figures, [int(number) for number in heap.split()]

    return run


@pytest.mark.parametrize("cycles", [300, pytest.param(10_000, marks=pytest.mark.long)])
def test_no_memory_is_lost(soak, cycles):
    output, figures, heap = soak(cycles)
    assert abs(heap[1] - heap[0]) <= LEAK
    assert figures["wraps"] == 1 and figures["resets"] == 0 and "Error" not in output
    # nearly all cycles came through: 2 packs, and the rack when nothing was missed
    assert figures["cycles"] >= cycles and figures["published"] > 2 * 0.7 * cycles
    for event in ("looking for it", "command: ", "broker lost", "Wi-Fi lost"):
        assert output.count(event) >= EVENTS // 2, event
    assert figures["connects"] >= EVENTS
