"""telemetry.py and board.py: the log, how much memory is free, and how the growth of the heap is limited."""

from types import SimpleNamespace

import pytest
from fakes import Clock
from system_helpers import Way

from firmware import telemetry
from firmware.log import Log

TLS_BYTES = 37_000  # with its handshake


@pytest.mark.parametrize(("env", "tls_fits"), [({}, True), ({"VB_LARGEST": "64000"}, False)])
def test_the_heap_is_limited_so_that_tls_has_memory(board, broker, mqtt_client, env, tls_fits):
    """Where the largest block is too small to hold something back in it, there is none for TLS, and all else works."""
    with Way(board, broker, mqtt_client, heap="chip", speed=10) as it:
        it.start(env=env).wait("stat/readings/Rack", count=2)
        said = it.health()
        assert it.board.resets == []
    heap, free, largest, least = [said[key] for key in ("HeapFree", "SystemFree", "SystemLargest", "SystemMin")]
    assert 0 < heap < 40_000 and largest <= free < 100_000 and (largest >= TLS_BYTES) == tls_fits
    assert 0 < least < free  # while the UART's buffers held it


REGIONS = [(7_288, 0, 0, 0), (15_072, 15_036, 15_036, 15_036), (113_000, 60_000, 40_000, 9_000)]
PSRAM = (4_000_000, 3_900_000, 3_800_000, 3_700_000)


@pytest.mark.parametrize(("regions", "expected"), [
    (REGIONS, (50_000, 75_036, 40_000, 24_036)), ([*REGIONS, PSRAM], (0, 3_975_036, 3_800_000, 3_724_036)),
    (None, (90_000, None, None, None)),
])  # fmt: skip
def test_free_memory_with_psram_and_on_other_ports(monkeypatch, regions, expected):
    """gc.mem_free() counts what the heap could still take: the largest block."""
    esp32 = regions and SimpleNamespace(HEAP_DATA=4, idf_heap_info={4: regions}.get)
    monkeypatch.setattr(telemetry, "esp32", esp32)
    monkeypatch.setattr(telemetry.gc, "mem_free", lambda: 90_000, raising=False)
    assert telemetry.free_memory() == expected


@pytest.mark.parametrize("step_ms", [999, 86_400_000])
def test_the_uptime_goes_on_when_the_ticks_wrap(step_ms):
    clock = Clock()
    device = telemetry.Telemetry("Main", "power on", None, clock, None, None, None)
    for _ in range(40):
        clock.advance(step_ms)
        device.uptime_s()
    assert device.uptime_s() == 40 * step_ms // 1000


@pytest.mark.parametrize(("level", "count"), [("error", 1), ("warning", 2), ("info", 3)])
def test_levels_of_the_log(level, count):
    """Warnings and errors are heard, whatever is printed."""
    lines, heard = [], []
    log = Log(level, lines.append)
    log.listener = heard.append
    log.error("broker %d", 1)
    log.warning("%s %d", "battery", 2)
    log.info("all %s well")
    assert lines == ["error: broker 1", "warning: battery 2", "info: all %s well"][:count]
    assert heard == ["broker 1", "battery 2"]
