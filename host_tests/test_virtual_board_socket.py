"""The virtual board's sockets: the ESP32's habits that the unix port does not have, and the real umqtt over them."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading

import pytest
from board_helpers import ONLINE, run


@pytest.fixture
def peer():
    """start(answer) -> port; answer(connection) is called in a thread for each connection that comes."""
    listeners = []

    def start(answer):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=converse, args=(answer, connection), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

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


CONNECT = ONLINE + "import errno, socket\ns = socket.socket()\ns.settimeout(0.3)\ns.connect(('127.0.0.1', {port}))\n"
ERROR = "def error(f, *a):\n try: return f(*a)\n except OSError as e: return errno.errorcode.get(e.errno, e.errno)\n"

READS = (
    ("a timeout is an error", silent, "error(s.read, 1), error(s.recv, 1), error(s.readinto, bytearray(1))",
     "('ETIMEDOUT', 'ETIMEDOUT', 'ETIMEDOUT')"),
    ("without blocking nothing is None", silent, "s.setblocking(False), s.read(1), s.readinto(b), error(s.recv, 1)",
     "(None, None, None, 'EAGAIN')"),
    ("read waits for all", echo, "s.write(b'abcd'), s.read(2), s.read(2)", "(4, b'ab', b'cd')"),
    ("recv takes what is there", echo, "s.sendall(b'abcd'), time.sleep_ms(50), s.recv(100)", "(None, None, b'abcd')"),
    ("readinto fills", echo, "s.send(b'abcd'), s.readinto(b), b", "(4, 4, bytearray(b'abcd'))"),
    ("without blocking readinto takes a part", echo, "s.write(b'ab'), s.recv(1), s.setblocking(False), s.readinto(b)",
     "(2, b'a', None, 1)"),
    ("readline", echo, "s.write(b'a\\nb'), s.readline()", "(3, b'a\\n')"),
    ("the end cuts a read short", half, "s.write(b'x'), s.read(4), s.read(4)", "(1, b'ab', b'')"),
    ("the end cuts readinto short", half, "s.write(b'x'), s.readinto(b), s.readinto(b)", "(1, 2, 0)"),
    ("closed", echo, "s.close(), s.close(), s.settimeout(1), error(s.read, 1)", "(None, None, None, 'EBADF')"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "calls", "result"), READS, ids=[row[0] for row in READS])
def test_reads(board, peer, name, answer, calls, result):
    main = CONNECT.format(port=peer(answer)) + ERROR + f"b = bytearray(4)\nprint(({calls}))"
    assert run(board, main) == (0, [result])


def test_setblocking_true_removes_the_timeout(board, peer):
    """The habit that makes umqtt's check_msg dangerous on the ESP32, and that the unix port does not have."""
    body = "import machine as m\nif m.reset_cause() == 1:\n m.WDT(timeout=1000)\n s.setblocking(True)\n s.read(1)"
    one = board(files={"main.py": CONNECT.format(port=peer(silent)) + body})
    assert one.wait(20) == 0
    assert one.resets == [3]


def test_ten_sockets(board):
    main = ONLINE + "from socket import socket as s\nl = [s() for _ in range(10)]\nl.pop().close()\nl.append(s())\n"
    status, lines = run(board, main + "print(len(l))\ns()")
    assert status == 1 and lines[0] == "10" and lines[-1] == "OSError: 23"


NAMES = (
    ("'127.0.0.1', 1883", "[(2, 1, 0, '127.0.0.1', ('127.0.0.1', 1883))]"),
    ("'localhost', 1883", "[(2, 1, 0, 'localhost', ('127.0.0.1', 1883))]"),
    ("'no-such-name.invalid', 1883", "-202"),
)


@pytest.mark.parametrize(("arguments", "result"), NAMES)
def test_names(board, arguments, result):
    main = ONLINE + f"import errno, socket\n{ERROR}print(error(socket.getaddrinfo, {arguments}))"
    assert run(board, main)[1] == [result]


def test_refused(board, peer):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        main = CONNECT.format(port=unused.getsockname()[1])
        status, lines = run(board, main)
    assert status == 1 and "ECONNREFUSED" in lines[-1]


def test_without_wifi_there_is_no_network(board):
    main = ERROR + "import errno, socket\ns = socket.socket()\n"
    main += "print(error(socket.getaddrinfo, '127.0.0.1', 1), error(s.connect, ('127.0.0.1', 1)))"
    assert run(board, main)[1] == ["-202 EHOSTUNREACH"]


def test_when_wifi_goes_a_connection_is_deaf_and_goes_on_when_it_comes_back(board, peer):
    main = CONNECT.format(port=peer(echo)) + ERROR + (
        "s.write(b'ab')\nprint(s.read(1), 'up')\n"
        "while wlan.isconnected(): time.sleep_ms(5)\n"
        "print(error(s.read, 1), error(s.write, b'x'), s.setblocking(False), s.read(1), 'deaf')\n"
        "s.settimeout(10)\nprint(s.read(1))\n"
    )  # fmt: skip
    one = board(files={"main.py": main})
    one.wait_for("up")
    one.wifi("down")
    one.wait_for("deaf")
    one.wifi("up")
    assert one.wait(20) == 0
    assert list(one.lines) == ["b'a' up", "ETIMEDOUT ETIMEDOUT None None deaf", "b'b'"]


def test_datagrams(board):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        port = server.getsockname()[1]
        main = ONLINE + (
            "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.settimeout(5)\n"
            f"print(s.sendto(b'ask', ('127.0.0.1', {port})), s.recvfrom(10))"
        )
        one = board(files={"main.py": main})
        question, address = server.recvfrom(10)
        server.sendto(question + b"!", address)
        assert one.wait(20) == 0 and list(one.lines) == [f"3 (b'ask!', ('127.0.0.1', {port}))"]


UMQTT = """
from umqtt.simple import MQTTClient
c = MQTTClient(b"board", "127.0.0.1", {port}, keepalive=60)
c.set_callback(lambda topic, payload: print(topic, payload))
c.set_last_will(b"t/LWT", b"Offline", True)
c.connect()
c.subscribe(b"t/cmnd/#")
c.publish(b"t/LWT", b"Online", True)
c.check_msg()
print("ready")
c.wait_msg()
c.publish(b"t/stat", b"x" * 3000)
import machine
machine.reset() if machine.reset_cause() == 1 else None
"""


def test_the_real_umqtt_talks_to_a_real_broker(board, broker, mqtt_client):
    one = board(files={"main.py": ONLINE + UMQTT.format(port=broker.port)})
    assert mqtt_client.wait_topic("t/LWT").payload == b"Online"
    one.wait_for("ready")
    mqtt_client.publish("t/cmnd/x", b"hello")
    assert mqtt_client.wait_topic("t/stat").payload == b"x" * 3000
    mqtt_client.wait_for(lambda message: message.payload == b"Offline")
    assert list(one.lines)[:2] == ["ready", "b't/cmnd/x' b'hello'"]


@pytest.fixture
def certificate(tmp_path):
    """A server's key and certificate for localhost, signed by itself: (key, PEM, DER)."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is needed to make a certificate")
    key, pem, der = (tmp_path / name for name in ("key.pem", "cert.pem", "cert.der"))
    new = f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    subprocess.run([*new.split(), "-keyout", key, "-out", pem], check=True, capture_output=True)
    subprocess.run([openssl, "x509", "-in", pem, "-outform", "DER", "-out", der], check=True, capture_output=True)
    return key, pem, der


TLS = """
import select, tls
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
context.verify_mode = tls.CERT_REQUIRED
context.load_verify_locations(open("cert.der", "rb").read())
s.settimeout(5)
t = context.wrap_socket(s, server_hostname="localhost")
poll = select.poll()
poll.register(t, select.POLLIN)
s.setblocking(False)
print(t.read(1), poll.poll(0))
t.write(b"abc")
print(len(poll.poll(5000)), t.read(1), t.read(2), t.read(1))
s.settimeout(0.1)
print(error(t.read, 1))
t.close()
import socket
print(socket._open_count)
"""


def test_tls_wraps_our_socket_like_the_built_in_one(board, peer, certificate):
    key, pem, der = certificate
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem, key)

    def answer(connection):
        with server.wrap_socket(connection, server_side=True) as secure:
            echo(secure)

    one = board(files={"main.py": CONNECT.format(port=peer(answer)) + ERROR + TLS}, start=False)
    shutil.copy(der, one.flash / "cert.der")
    assert one.start().wait(20) == 0
    assert list(one.lines) == ["None []", "1 b'a' b'bc' None", "ETIMEDOUT", "0"]
