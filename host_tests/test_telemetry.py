"""telemetry.py and board.py: how much memory is free, and how the growth of the heap is limited."""

from __future__ import annotations

import pytest
from fakes import Clock
from system_helpers import Way

from firmware.telemetry import Telemetry

FIGURES = ("HeapFree", "SystemFree", "SystemLargest", "SystemMin")
TLS_BYTES = 37_000  # with its handshake
PSRAM_BYTES = 4_000_000


def state(board, broker, recorder, **environ):
    """-> tele/STATE of a board with these VB_…, a battery and Wi-Fi, that has read its packs."""
    with Way(board, broker, recorder, heap="chip", speed=10) as it:
        it.start(env={f"VB_{name}": str(value) for name, value in environ.items()})
        it.wait("stat/readings/Rack", count=2)
        said = it.health()
        assert it.board.resets == []
        return {key: said[key] for key in FIGURES if key in said}


def test_the_heap_is_limited_so_that_tls_has_memory(board, broker, mqtt_client):
    said = state(board, broker, mqtt_client)
    assert tuple(said) == FIGURES
    assert 0 < said["HeapFree"] < 40_000 and TLS_BYTES <= said["SystemLargest"] <= said["SystemFree"] < 100_000
    assert 0 < said["SystemMin"] < said["SystemFree"]  # while the UART's buffers held it


def test_a_heap_that_cannot_be_limited_takes_what_it_needs(board, broker, mqtt_client):
    """The largest block is too small to hold something back in it; then there is none for TLS, and all else works."""
    said = state(board, broker, mqtt_client, LARGEST=45_000 + 19_000)
    assert said["SystemLargest"] < TLS_BYTES and said["HeapFree"] > 0


def test_with_psram_there_is_memory_for_all(board, broker, mqtt_client):
    said = state(board, broker, mqtt_client, MEMORY="psram")
    assert said["SystemLargest"] > PSRAM_BYTES * 9 // 10 and said["SystemFree"] >= said["SystemLargest"]


def test_without_the_module_esp32_only_the_heap_is_told(board, broker, mqtt_client):
    assert list(state(board, broker, mqtt_client, MEMORY="none")) == ["HeapFree"]


@pytest.mark.parametrize("step_ms", [999, 86_400_000])
def test_the_uptime_goes_on_when_the_ticks_wrap(step_ms):
    clock = Clock()
    telemetry = Telemetry("Main", "power on", None, clock, None, None, None)
    for _ in range(40):
        clock.advance(step_ms)
        telemetry.uptime_s()
    assert telemetry.uptime_s() == 40 * step_ms // 1000
