"""Habits of an ESP32 that the virtual board must have, because no test of the firmware would miss them."""

import os
import re
import signal
import socket
import subprocess

import pytest
from repl_helpers import Terminal, mpremote
from tool_process import Tool

from tools.virtual_board import layout
from tools.virtual_board.runner import HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET

ONLINE = """
import network, time
wlan = network.WLAN(network.WLAN.IF_STA)
wlan.active(True)
wlan.connect("home", "secret")
while not wlan.isconnected(): time.sleep_ms(5)
"""


def said(board, main, **arguments):
    """Let `main` run to its end -> console lines."""
    one = board(files={"main.py": main}, **arguments)
    assert one.wait(20) == 0, list(one.lines)
    return list(one.lines)


def test_mpremote_copies_runs_and_resets(board, tmp_path):
    """A soft reset leaves main.py out."""
    sent, back = tmp_path / "sent", tmp_path / "back"
    sent.write_text("print('ran', 6 * 7)\n" + "# much\n" * 900)
    boot = "import machine\nprint('boot', machine.reset_cause())"
    one = board(files={"boot.py": boot, "main.py": "print('main')\nwhile True: pass"}, repl=True)
    one.wait_for("main")
    words = mpremote(one, "cp", sent, ":", "+", "cp", ":sent", back, "+", "ls", "+", "rm", ":sent", "+", "run", sent)
    assert " main.py\n" in words and "ran 42" in words and not (one.flash / "sent").exists()
    assert back.read_text() == sent.read_text()
    mark = one.line_count
    mpremote(one, "soft-reset")
    one.wait_for(f"boot {SOFT_RESET}", after=mark)
    mpremote(one, "resume", "reset")
    one.wait_for("main", after=mark)
    assert list(one.lines).count("main") == 2 and f"boot {HARD_RESET}" in one.lines


LIVES = """
import machine, time
lives = list(machine.RTC().memory()) + [machine.reset_cause()]
machine.RTC().memory(bytes(lives))
if len(lives) == 1:
    machine.reset()
if len(lives) == 2:
    machine.WDT(timeout=2000)
    machine.soft_reset()  # which the watchdog outlives
while len(lives) == 3: pass
if len(lives) == 4:
    machine.WDT(timeout=100_000)
    machine.reset()  # which it does not
machine.WDT(timeout=600)
machine.WDT(timeout=86_400_000)  # in its place
began, began_s = time.ticks_ms(), time.time()
time.sleep_ms(1200)
print(lives, time.ticks_diff(time.ticks_ms(), began) >= 1200, time.time() - began_s in (1, 2))
"""


@pytest.mark.parametrize("speed", [1, 4])
def test_resets_rtc_memory_watchdog_and_clock(board, speed):
    causes = [PWRON_RESET, HARD_RESET, SOFT_RESET, WDT_RESET, HARD_RESET]
    assert said(board, LIVES, speed=speed) == [f"{causes} True True"]


def test_what_does_not_compile_is_named(tmp_path):
    (tmp_path / "firmware").mkdir()
    for text in ("def x(:\n", "return = 1\n", "x = (\n"):
        (tmp_path / "firmware" / "a.py").write_text(text)
        with pytest.raises(layout.CompileError, match=r"firmware/a\.py"):
            layout.board_files(tmp_path)


def test_a_port_that_goes_away_is_opened_again(board, tmp_path):
    name = tmp_path / "ttyUSB0"
    main = "import machine, time\nu = machine.UART(1)\nwhile u.write(b'?'):\n print('writes')\n time.sleep_ms(20)"
    (first, slave), (second, other) = os.openpty(), os.openpty()
    name.symlink_to(os.ttyname(slave))
    one = board(files={"main.py": main}, uart=name)
    one.wait_for("writes")
    name.unlink()
    for end in (first, slave):
        os.close(end)
    one.wait_for("is gone")
    name.symlink_to(os.ttyname(other))
    one.wait_for("is open")
    assert os.read(second, 1) == b"?"
    for end in (second, other):
        os.close(end)


CALLS = """
import errno, socket
def error(f, *a):
    try: return f(*a)
    except OSError as e: return errno.errorcode.get(e.errno, e.errno)
def both(host): return error(socket.getaddrinfo, host, 1), error(socket.socket().connect, ("127.0.0.1", 1))
print(both("127.0.0.1"))
""" + ONLINE + """
print(both("localhost"), both("no-such.invalid"))
s = socket.socket()
s.settimeout(0.3)
s.connect(("127.0.0.1", {port}))
print(error(s.read, 1), s.write(b"ab"), s.settimeout(0), s.read(1), "up")
s.settimeout(0.3)
while wlan.isconnected(): time.sleep_ms(5)
print(error(s.read, 1), error(s.write, b"x"), s.settimeout(0), s.read(1))
print(s.close(), s.close(), s.settimeout(1), error(s.read, 1))
print(len([socket.socket() for _ in range(7)]), error(socket.socket))
"""
ANSWERS = [
    "(-202, 'EHOSTUNREACH')",
    "([(2, 1, 0, 'localhost', ('127.0.0.1', 1))], 'ECONNREFUSED') (-202, 'ECONNREFUSED')",
    "ETIMEDOUT 2 None None up",
    "ETIMEDOUT ETIMEDOUT None None",
    "None None None EBADF",
    "7 23",
]


def test_sockets(board):
    """Without Wi-Fi a connection is deaf. Ten sockets can be open."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = board(files={"main.py": CALLS.replace("{port}", str(listener.getsockname()[1]))})
        one.wait_for("up")
        one.wifi("down")
        assert one.wait(20) == 0 and list(one.lines) == ANSWERS


FREE_AT_START, SPARE, AT_LIMIT = 113_000, 2_064, 78_760  # bytes; the last: behind a heap that was limited
# show() prints what is free in the region that all is taken from
SHOW = """
import esp32
from machine import UART
def main(): return esp32.idf_heap_info(esp32.HEAP_DATA)[1]
def show(): print(main()[1])
def hold(chip_bytes): return [bytearray(1408) for _ in range(chip_bytes // 1000)]
"""
LIMIT = "u = UART(1, rxbuf=60000, txbuf=main()[2] - 94000)\na = hold(70000)\nu.init(rxbuf=2048, txbuf=256)\nshow()\n"
MEMORY = (
    # what the board does, what it prints, where the largest block is smaller: its size
    (ONLINE + "show()\nwlan.active(False)\nshow()", [FREE_AT_START - 19_000, FREE_AT_START]),
    ("hold(100000)\nshow()\na = hold(70000)\nshow()", [FREE_AT_START, FREE_AT_START - 56_000]),
    (LIMIT + "a += hold(10000)\nshow()\na += hold(30000)\nshow()", [AT_LIMIT, AT_LIMIT, SPARE]),  # then it takes all
    ("a = hold(70000)\nshow()", [FREE_AT_START - 40_000 + SPARE], "40000"),
)  # fmt: skip


@pytest.mark.parametrize("row", MEMORY)
def test_what_is_taken_is_gone_until_it_is_given_back(board, row):
    body, figures, *largest = row
    env = {"VB_LARGEST": largest[0]} if largest else {}
    assert list(map(int, said(board, SHOW + body, heap="2M", env=env))) == figures


FREE = "import gc\nfor n in range(600): hasattr(0, 'name%d' % n)\ngc.collect()\nprint(gc.mem_free())"
USED = "import machine, network, os, socket, sys, umqtt.simple\nu = machine.UART(1)\ndel sys.modules['gc']\n"


@pytest.mark.parametrize("repl", [False, True])
def test_the_heap_is_the_firmwares_alone(board, micropython, repl):
    """As much is free as in a bare interpreter, with as many names as the firmware has."""
    bare = subprocess.run([micropython, "-X", "heapsize=80k", "-c", FREE], check=True, capture_output=True)
    one = board(files={"main.py": USED + FREE}, heap="80k", repl=repl, uart=os.ttyname(os.openpty()[1]))
    free = int(one.wait_for(re.compile(r"^\d+$"), 20))
    assert abs(free - int(bare.stdout)) < 1000, "layout.OWN_HEAP, REPL_HEAP"


COLLECTS = """
import gc, time
kept = [[] for _ in range(500)]
for turn in range(20):
    try:
        print("turn", turn, "begins")
        while True:
            for _ in range(10): gc.collect()
            time.sleep_ms(1)
    except KeyboardInterrupt: pass
print("room for", len(bytearray(1000)))
"""


def test_ctrl_c_does_not_come_in_the_middle_of_a_collection(board):
    one = board(files={"main.py": COLLECTS}, repl=True)
    with Terminal(one.port) as terminal:
        for turn in range(20):
            one.wait_for(f"turn {turn} begins")
            terminal.send(b"\x03")
        one.wait_for("room for 1000")


WRITES = """
import machine, time
print("main", machine.reset_cause(), machine.RTC().memory())
machine.RTC().memory(b"lost")
with open("long", "ab") as file:
    while True:
        file.write(b"a line")
        print("writing")
        time.sleep_ms(100)
"""


def test_the_program_cuts_the_power_in_the_middle_of_a_write(tmp_path):
    (tmp_path / "main.py").write_text(WRITES)
    with Tool("virtual_board", "--flash", str(tmp_path), "--speed", "2") as program:
        program.port = program.wait_for(r"/dev/\S+")[0]
        program.wait_for("writing", count=3)
        os.kill(program.process.pid, signal.SIGUSR1)
        program.wait_for(rf"main {PWRON_RESET} b''", count=2)
        assert "42" in mpremote(program, "exec", "print(6 * 7)"), "the same port as before"
        assert len((tmp_path / "long").read_bytes()) >= 18 and program.stop(signal.SIGTERM) == 0
