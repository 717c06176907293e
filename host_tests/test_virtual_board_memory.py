"""The virtual board's memory: the system heap of an ESP32, the growth of MicroPython's heap out of it, and TLS."""

from __future__ import annotations

import contextlib
import re
import subprocess

import pytest
from board_helpers import ONLINE, Wire, run

ROOM = "2M"  # of the interpreter, where only the model is asked
FREE_AT_START, SPARE, GROWN = 113_000, 2_064, 31_936  # bytes; GROWN: by the limited heap
ONLINE_FREE, TLS_BYTES, NO_MEMORY = 94_000, 29_000, 17_040

# show() prints what is free in the region that all is taken from
SHOW = """
import esp32, gc
from machine import UART
def main(): return esp32.idf_heap_info(esp32.HEAP_DATA)[1]
def show(): print(main()[1])
def hold(chip_bytes): return [bytearray(1408) for _ in range(chip_bytes // 1000)]
"""
LIMIT = "u = UART(1, rxbuf=60000, txbuf=main()[2] - 94000)\na = hold(70000)\nu.init(rxbuf=2048, txbuf=256)\nshow()\n"
# The TLS of this PC is not used: only its memory is asked.
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
AT_LIMIT = FREE_AT_START - GROWN - 2304
CASES = (
    # what the board does, settings, what it prints
    ("show()\nu = UART(1)\nshow()\nu.init(rxbuf=60000, txbuf=19000)\nshow()\nu.init(rxbuf=2048, txbuf=256)\nshow()", {},
     [FREE_AT_START, FREE_AT_START - 256, FREE_AT_START - 79_000, FREE_AT_START - 2304]),
    (ONLINE + "show()\nwlan.active(False)\nshow()", {}, [ONLINE_FREE, FREE_AT_START]),
    ("hold(100000)\nshow()\na = hold(50000)\nshow()\na = hold(70000)\nshow()", {},
     [FREE_AT_START, FREE_AT_START, FREE_AT_START - 56_000]),  # doubles, for what is kept
    (LIMIT + "a += hold(10000)\nshow()", {}, [AT_LIMIT, AT_LIMIT]),  # limited by the large buffers
    (LIMIT + "a += hold(40000)\nshow()", {}, [AT_LIMIT, SPARE]),  # beyond the limit it takes the rest
    ("a = hold(70000)\nshow()", {"VB_LARGEST": "40000"}, [FREE_AT_START - 40_000 + SPARE]),
    (TLS + "for _ in range(5):\n s = connect()\n show()\n s.close()\nshow()", {},
     [ONLINE_FREE - TLS_BYTES] * 5 + [ONLINE_FREE]),
    (TLS + "u = UART(1, rxbuf=60000)\ns = connect()\nu.init(rxbuf=57000)\ns = connect()\nshow()", {},
     [NO_MEMORY, ONLINE_FREE - 57_000 - TLS_BYTES]),
    (TLS + "u = UART(1, rxbuf=2048)\na = hold(70000)\ns = connect()", {}, [NO_MEMORY]),
    (TLS + "Context.fails = True\ns = connect()\nshow()", {}, [1, ONLINE_FREE]),
)  # fmt: skip


@pytest.mark.parametrize(("body", "env", "figures"), CASES)
def test_what_is_taken_is_gone_until_it_is_given_back(board, body, env, figures):
    status, lines = run(board, SHOW + body, heap=ROOM, env=env)
    assert (status, [abs(int(line)) for line in lines]) == (0, figures)


@pytest.mark.parametrize(("chip_bytes", "fits"), [(82_000, True), (92_000, False)])
def test_who_outgrows_the_chip_fails(board, chip_bytes, fits):
    status, lines = run(board, SHOW + f"a = hold({chip_bytes})\nprint('fits')", heap="chip")
    assert (status == 0, "fits" in lines, "MemoryError" in " ".join(lines)) == (fits, fits, not fits)


NAMES = "for n in range(600): hasattr(0, 'name%d' % n)\n"  # about as many as the firmware has
FREE = "gc.collect()\nprint(gc.mem_free())"


@pytest.mark.parametrize("repl", [False, True])
def test_the_heap_is_the_firmwares_alone(board, micropython, repl):
    """What an ESP32 has in ROM or outside of MicroPython's heap leaves as much free as a bare interpreter has."""
    code = f"import gc\n{NAMES}{FREE}"
    bare = subprocess.run([micropython, "-X", "heapsize=80k", "-c", code], check=True, capture_output=True)
    used = "import machine, network, os, socket, umqtt.simple\nu = machine.UART(1, tx=33, rx=32)\n"
    with contextlib.closing(Wire()) as wire:
        main = f"{used}{NAMES}from _memory import gc  # the interpreter's own\n{FREE}"
        one = board(files={"main.py": main}, heap="80k", uart=wire.path, repl=repl)
        free = int(one.wait_for(re.compile(r"^\d+$"), 20))
    assert abs(free - int(bare.stdout)) < 1500
