"""The virtual board's memory: the system heap of an ESP32, the growth of MicroPython's heap out of it, and TLS."""

from __future__ import annotations

import contextlib
import re
import subprocess

import pytest
from board_helpers import ONLINE, Wire, run

ROOM = "2M"  # of the interpreter, where only the model is asked
FREE_AT_START, SPARE = 113_000, 2_064
LIMITED = 87_936

# show() prints (free, largest, least that was ever free) of the region that all is taken from
SHOW = """
import esp32, gc, sys
from machine import UART
def main(): return esp32.idf_heap_info(esp32.HEAP_DATA)[1]
def show(): print(main()[1:])
def hold(chip_bytes): return [bytearray(1408) for _ in range(chip_bytes // 1000)]
"""


def said(board, body, heap=ROOM, **settings):
    """-> the numbers that the script `body` prints, line by line; settings: environment variables VB_*."""
    env = {f"VB_{name}": str(value) for name, value in settings.items()}
    status, lines = run(board, SHOW + body, heap=heap, env=env)
    assert status == 0, lines
    return [tuple(map(int, re.findall(r"\d+", line))) for line in lines]


def test_buffers_and_wifi_are_taken_and_given_back(board):
    online = ONLINE.replace("wlan.config", "show()\nwlan.config")
    steps = ("", "u = UART(1, tx=33, rx=32)", "u.init(rxbuf=60000, txbuf=19000)\nu.init(baudrate=1200)",
             "u.init(rxbuf=2048, txbuf=256)", "u.deinit()" + online, "wlan.active(False)")  # fmt: skip
    least = FREE_AT_START - 79_000
    free = [FREE_AT_START, FREE_AT_START - 256, least, FREE_AT_START - 2304, 100_000, 94_000, FREE_AT_START]
    assert said(board, "\nshow()\n".join([*steps, ""])) == [
        (now, now, min(now, least if n > 1 else now)) for n, now in enumerate(free)]  # fmt: skip


LIMIT = "u = UART(1, rxbuf=60000, txbuf=main()[2] - 94000)\na = hold(70000)\nu.init(rxbuf=2048, txbuf=256)\nshow()\n"
AT_LIMIT = FREE_AT_START - (LIMITED - 56_000) - 2304
GROWTH = (
    # name, what the board does, settings, what is free behind each show()
    ("doubles for what is kept", "hold(100000)\nshow()\na = hold(50000)\nshow()\na = hold(70000)\nshow()", {},
     [FREE_AT_START, FREE_AT_START, FREE_AT_START - 56_000]),
    ("limited by large buffers", LIMIT + "a += hold(10000)\nshow()", {}, [AT_LIMIT, AT_LIMIT]),
    ("takes the rest beyond the limit", LIMIT + "a += hold(40000)\nshow()", {}, [AT_LIMIT, SPARE]),
    ("PSRAM has room for all", "a = hold(200000)\nshow()", {"MEMORY": "psram"}, [FREE_AT_START]),
    ("a largest block that is small", "a = hold(70000)\nshow()", {"LARGEST": 40_000}, [FREE_AT_START - 40_000 + SPARE]),
)


@pytest.mark.parametrize(("name", "body", "settings", "free"), GROWTH, ids=[row[0] for row in GROWTH])
def test_the_heap_grows_as_on_the_chip(board, name, body, settings, free):
    assert [line[0] for line in said(board, body, **settings)] == free


def test_another_chip_has_no_esp32(board):
    body = "import machine\nmachine.UART(1, rxbuf=60000, txbuf=60000)\nimport esp32"
    status, lines = run(board, body, env={"VB_MEMORY": "none"})
    assert status and lines[-1].startswith("ImportError")


@pytest.mark.parametrize(("chip_bytes", "fits"), [(82_000, True), (92_000, False)])
def test_who_outgrows_the_chip_fails(board, chip_bytes, fits):
    status, lines = run(board, SHOW + f"a = hold({chip_bytes})\nprint('fits')", heap="chip")
    assert (status == 0, "fits" in lines, "MemoryError" in " ".join(lines)) == (fits, fits, not fits)


NAMES = "for n in range(600): hasattr(0, 'name%d' % n)\n"  # about as many as the firmware has
FREE = "import gc\ngc.collect()\nprint(gc.mem_free())"


@pytest.mark.parametrize("repl", [False, True])
def test_the_heap_is_the_firmwares_alone(board, micropython, repl):
    """What an ESP32 has in ROM or outside of MicroPython's heap leaves as much free as a bare interpreter has."""
    bare = subprocess.run([micropython, "-X", "heapsize=80k", "-c", NAMES + FREE], check=True, capture_output=True)
    with contextlib.closing(Wire()) as wire:
        used = "import machine, network, os, socket, umqtt.simple\nu = machine.UART(1, tx=33, rx=32)\n"
        one = board(files={"main.py": used + NAMES + FREE}, heap="80k", uart=wire.path, repl=repl,
                    env={"VB_MEMORY": "none"})  # fmt: skip - with the interpreter's own gc
        free = int(one.wait_for(re.compile(r"^\d+$"), 20))
    assert abs(free - int(bare.stdout)) < 1500


# The TLS of this PC is used in no test here: only its memory is asked.
TLS = ONLINE + """
import _tls, socket
class Context:
    fails = False
    def wrap_socket(self, line, **options):
        if self.fails: raise OSError(1)
        return line
context = _tls.SSLContext(_tls.PROTOCOL_TLS_CLIENT)
context._context = Context()
def connect():
    line = socket.socket()
    try:
        return context.wrap_socket(line)
    except OSError as error:
        print(error.args[0])
        line.close()
"""
ONLINE_FREE, TLS_BYTES, HANDSHAKE_BYTES, NO_MEMORY = 94_000, 29_000, 8_000, 17_040
TLS_CASES = (
    ("taken and given back", "for _ in range(5):\n s = connect()\n show()\n s.close()\nshow()",
     [ONLINE_FREE - TLS_BYTES] * 5 + [ONLINE_FREE]),
    ("none, until there is some", "u = UART(1, rxbuf=60000)\ns = connect()\nu.init(rxbuf=57000)\ns = connect()\nshow()",
     [NO_MEMORY, ONLINE_FREE - 57_000 - TLS_BYTES]),
    ("none beside a heap that grew", "u = UART(1, rxbuf=2048)\na = hold(70000)\ns = connect()", [NO_MEMORY]),
    ("a handshake that fails", "Context.fails = True\ns = connect()\nshow()", [1, ONLINE_FREE]),
)  # fmt: skip


@pytest.mark.parametrize(("name", "body", "figures"), TLS_CASES, ids=[row[0] for row in TLS_CASES])
def test_tls_needs_memory(board, name, body, figures):
    lines = said(board, TLS + body)
    assert [line[0] for line in lines] == figures
    if len(lines) > 1 and figures[0] not in (1, NO_MEMORY):
        assert lines[0][2] == figures[0] - HANDSHAKE_BYTES
