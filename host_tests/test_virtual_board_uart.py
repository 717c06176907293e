"""The virtual board's serial port: a tty of the PC that behaves as the ESP32's UART."""

from __future__ import annotations

import termios

import pytest
from board_helpers import Wire, run


@pytest.fixture
def wire():
    one = Wire()
    yield one
    one.close()


UART = """
from machine import UART
import time
u = UART(1, baudrate={baud}, tx=33, rx=32, rxbuf={rxbuf})
def get(count):
    data = b""
    while len(data) < count:
        data += u.read(count - len(data)) or b""
        time.sleep_ms(5)
    return data
"""


def uart(body, baud=1200, rxbuf=2048):
    return UART.format(baud=baud, rxbuf=rxbuf) + body


def test_the_rate_is_really_set_and_the_rest_kept(board, wire):
    rates = (1200, 2400, 4800, 9600, 19200, 115200)
    body = f"for b in {rates}:\n u.init(baudrate=b)\n u.write(b'!')\n{' '}while u.read(1) != b'.': pass\n"
    board(files={"main.py": uart(body)}, uart=wire.path)
    for rate in rates:
        assert wire.receive(1) == b"!"
        assert wire.speed() == getattr(termios, f"B{rate}")
        wire.send(b".")


def test_bytes_pass_unchanged(board, wire):
    everything = bytes(range(256))
    attributes = termios.tcgetattr(wire.slave)
    attributes[0] |= termios.INLCR | termios.IGNCR | termios.ISTRIP | termios.IXON  # as another program left it
    attributes[1] |= termios.OPOST | termios.ONLCR
    termios.tcsetattr(wire.slave, termios.TCSANOW, attributes)
    body = "u.write(b'go')\nu.write(get(256))\nprint(u.read())"
    one = board(files={"main.py": uart(body)}, uart=wire.path)
    assert wire.receive(2) == b"go"
    wire.send(everything)
    assert wire.receive(256) == everything
    assert one.wait(20) == 0 and list(one.lines) == ["None"]


READS = (
    ("all, then nothing", "u.read(), u.read(), u.readinto(b)", "(b'20\\r~46\\r', None, None)"),
    ("some", "u.read(3), u.read(2), u.read(100)", "(b'20\\r', b'~4', b'6\\r')"),
    ("into a buffer", "u.readinto(b, 2), b[:3], u.readinto(b), b",
     "(2, bytearray(b'20\\x00'), 5, bytearray(b'\\r~46\\r\\x00\\x00\\x00\\x00'))"),
    ("nothing after init()", "u.init(baudrate=4800), u.read()", "(None, None)"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "call", "result"), READS, ids=[row[0] for row in READS])
def test_reads(board, wire, name, call, result):
    body = f"b = bytearray(9)\nu.write(b'go')\nget(1)\ntime.sleep_ms(50)\nprint(repr(({call})))"
    one = board(files={"main.py": uart(body)}, uart=wire.path)
    wire.receive(2)
    wire.send(b"~20\r~46\r")
    assert one.wait(20) == 0 and list(one.lines) == [result]


def test_after_a_long_pause_only_rxbuf_bytes_are_kept(board, wire):
    """1200 baud, 64 bytes of buffer: full after 0.53 s."""
    body = "u.write(b'go')\ntime.sleep_ms(1000)\nprint(u.read(64) == bytes(range(64)))\n"
    body += "u.write(b'go')\ntime.sleep_ms(100)\nprint(get(1))"
    one = board(files={"main.py": uart(body, rxbuf=64)}, uart=wire.path)
    wire.receive(2)
    wire.send(bytes(range(200)))
    wire.receive(2)
    wire.send(b"x")
    assert one.wait(20) == 0 and list(one.lines) == ["True", "b'x'"]


def test_without_a_port_the_wire_is_open(board):
    assert run(board, uart("print(u.write(b'abc'), u.read())"))[1] == ["3 None"]


def test_a_port_that_cannot_be_opened_is_named(board, tmp_path):
    status, lines = run(board, uart(""), uart=tmp_path / "ttyNone")
    assert status == 1 and f"cannot open the serial port {tmp_path}/ttyNone" in lines[-1]


def test_a_port_that_goes_away_is_silent_and_opened_again(board, tmp_path):
    name = tmp_path / "ttyUSB0"
    first, second = Wire(), Wire()
    name.symlink_to(first.path)
    body = "while u.read() != b'back':\n u.write(b'?')\n time.sleep_ms(20)\nprint('done', u.read())"
    one = board(files={"main.py": uart(body, baud=4800)}, uart=name)
    first.receive(1)
    name.unlink()
    first.close()
    one.wait_for("is gone")
    name.symlink_to(second.path)
    second.receive(1)
    assert second.speed() == termios.B4800
    second.send(b"back")
    assert one.wait(20) == 0
    second.close()


def test_the_unique_id_belongs_to_the_port(board, wire):
    main = "import machine\nprint(machine.unique_id(), len(machine.unique_id()))"
    first, again, other = (run(board, main, uart=uart)[1] for uart in (wire.path, wire.path, None))
    assert first == again != other and first[0].endswith(" 6")
