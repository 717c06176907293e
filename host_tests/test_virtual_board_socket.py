"""The virtual board's sockets: the ESP32's habits that the unix port does not have."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from board_helpers import ONLINE, run


@pytest.fixture
def peer():
    """start(answer) -> port; answer(connection) is called in a thread for each connection that comes."""
    listeners = []

    def serve(listener, answer):
        with contextlib.suppress(OSError):  # it is closed
            while True:
                threading.Thread(target=converse, args=(answer, listener.accept()[0]), daemon=True).start()

    def start(answer):
        listeners.append(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=serve, args=(listeners[-1], answer), daemon=True).start()
        return listeners[-1].getsockname()[1]

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def converse(answer, connection):
    with connection, contextlib.suppress(OSError):  # a board that is reset says no good-bye
        answer(connection)


def silent(connection):
    """Takes everything, says nothing."""
    while connection.recv(1000):
        pass


def echo(connection):
    while data := connection.recv(1000):
        connection.sendall(data)


def half(connection):
    """Two bytes, then the end."""
    connection.recv(1)
    connection.sendall(b"ab")


ERROR = ("import errno, socket\n"
         "def error(f, *a):\n try: return f(*a)\n except OSError as e: return errno.errorcode.get(e.errno, e.errno)\n")
CONNECT = ONLINE + ERROR + "s = socket.socket()\ns.settimeout(0.3)\ns.connect(('127.0.0.1', {port}))\n"

READS = (
    ("a timeout is an error", silent, "error(s.read, 1), error(s.recv, 1), error(s.readinto, bytearray(1))",
     "('ETIMEDOUT', 'ETIMEDOUT', 'ETIMEDOUT')"),
    ("without blocking nothing is None", silent, "s.setblocking(False), s.read(1), s.readinto(b), error(s.recv, 1)",
     "(None, None, None, 'EAGAIN')"),
    ("read waits for all", echo, "s.write(b'abcd'), s.read(2), s.read(2)", "(4, b'ab', b'cd')"),
    ("readinto fills", echo, "s.send(b'abcd'), s.readinto(b), b", "(4, 4, bytearray(b'abcd'))"),
    ("without blocking readinto takes a part", echo, "s.write(b'ab'), s.recv(1), s.setblocking(False), s.readinto(b)",
     "(2, b'a', None, 1)"),
    ("the end cuts a read short", half, "s.write(b'x'), s.read(4), s.read(4)", "(1, b'ab', b'')"),
    ("closed", echo, "s.close(), s.close(), s.settimeout(1), error(s.read, 1)", "(None, None, None, 'EBADF')"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "calls", "result"), READS, ids=[row[0] for row in READS])
def test_reads(board, peer, name, answer, calls, result):
    main = CONNECT.format(port=peer(answer)) + f"b = bytearray(4)\nprint(({calls}))"
    assert run(board, main) == (0, [result])


def test_setblocking_true_removes_the_timeout(board, peer):
    """The habit that makes umqtt's check_msg dangerous on the ESP32, and that the unix port does not have."""
    body = "import machine as m\nif m.reset_cause() == 1:\n m.WDT(timeout=1000)\n s.setblocking(True)\n s.read(1)"
    one = board(files={"main.py": CONNECT.format(port=peer(silent)) + body})
    assert one.wait(20) == 0 and one.resets == [3]


CALLS = (
    ("names", ONLINE, "error(socket.getaddrinfo, 'localhost', 1883), error(socket.getaddrinfo, 'no-such.invalid', 1)",
     "([(2, 1, 0, 'localhost', ('127.0.0.1', 1883))], -202)"),
    ("no Wi-Fi", "", "error(socket.getaddrinfo, '127.0.0.1', 1), error(socket.socket().connect, ('127.0.0.1', 1))",
     "(-202, 'EHOSTUNREACH')"),
    ("nobody listens", ONLINE, "error(socket.socket().connect, ('127.0.0.1', 1)),", "('ECONNREFUSED',)"),
    ("ten sockets", ONLINE, "[socket.socket() for _ in range(10)][9].close(), socket.socket() and error(socket.socket)",
     "(None, 23)"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "begin", "calls", "result"), CALLS, ids=[row[0] for row in CALLS])
def test_calls(board, name, begin, calls, result):
    assert run(board, begin + ERROR + f"print(({calls}))") == (0, [result])


def test_when_wifi_goes_a_connection_is_deaf_and_goes_on_when_it_comes_back(board, peer):
    main = CONNECT.format(port=peer(echo)) + (
        "s.write(b'ab')\nprint(s.read(1), 'up')\n"
        "while wlan.isconnected(): time.sleep_ms(5)\n"
        "print(error(s.read, 1), error(s.write, b'x'), s.setblocking(False), s.read(1), 'deaf')\n"
        "s.settimeout(10)\nprint(s.read(1))\n"
    )
    one = board(files={"main.py": main})
    one.wait_for("up")
    one.wifi("down")
    one.wait_for("deaf")
    one.wifi("up")
    assert one.wait(20) == 0
    assert list(one.lines) == ["b'a' up", "ETIMEDOUT ETIMEDOUT None None deaf", "b'b'"]
