"""The virtual board's memory: the system heap of an ESP32, the growth of MicroPython's heap out of it, and TLS."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading

import pytest
from board_helpers import ONLINE, run

ROOM = "2M"  # of the interpreter, where only the model is asked
FREE_AT_START = 113_000
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
    """-> what the script `body` prints; settings: environment variables VB_*."""
    env = {f"VB_{name}": str(value) for name, value in settings.items()}
    status, lines = run(board, SHOW + body, heap=heap, env=env)
    assert status == 0, lines
    return lines


def figures(*numbers):
    return str(numbers)


def test_buffers_and_wifi_are_taken_and_given_back(board):
    online = ONLINE.replace("wlan.config", "show()\nwlan.config")
    lines = said(board, f"""
show()
u = UART(1, tx=33, rx=32)
show()
u.init(rxbuf=60000, txbuf=19000)
u.init(baudrate=1200)
show()
u.init(rxbuf=2048, txbuf=256)
show()
u.deinit()
{online}
show()
wlan.active(False)
show()
""")  # fmt: skip
    least = FREE_AT_START - 79_000
    free = [FREE_AT_START, FREE_AT_START - 256, least, FREE_AT_START - 2304, 100_000, 94_000, FREE_AT_START]
    assert lines == [figures(now, now, min(now, least if n > 1 else now)) for n, now in enumerate(free)]


REFUSED = (
    ("UART(1, rxbuf=65536)", "ValueError"),
    ("UART(1, txbuf=65536)", "ValueError"),
    ("UART(1, rxbuf=60000, txbuf=60000)", "OSError"),
    ("UART(1, rxbuf=60000); UART(2, rxbuf=60000)", "OSError"),
)


@pytest.mark.parametrize(("body", "error"), REFUSED)
def test_buffers_that_the_chip_has_no_room_for(board, body, error):
    lines = said(board, f"try:\n {body}\nexcept Exception as error:\n print(type(error).__name__)\nshow()")
    assert lines[0] == error


def test_the_heap_doubles_when_what_is_kept_needs_it(board):
    free = (FREE_AT_START, FREE_AT_START, FREE_AT_START - 56_000, FREE_AT_START - 56_000)
    body = "hold(100000)\nshow()\na = hold(50000)\nshow()\na = hold(70000)\nshow()\na = hold(100000)\nshow()"
    assert said(board, body) == [figures(*[now] * 3) for now in free]


LIMIT = """
u = UART(1, rxbuf=60000, txbuf=main()[2] - 94000)
a = hold(70000)
u.init(rxbuf=2048, txbuf=256)
show()
a += hold(10000)
show()
"""


def test_large_buffers_limit_the_growth(board):
    free = FREE_AT_START - (LIMITED - 56_000) - 2304
    assert [line.split(",")[:2] for line in said(board, LIMIT)] == [figures(free, free).strip(")").split(",")] * 2


def test_what_outgrows_the_limit_takes_the_rest(board):
    assert said(board, LIMIT + "a += hold(30000)\nshow()")[-1].startswith("(2064,")


def test_psram_has_room_for_all(board):
    body = "a = hold(200000)\nshow()\nprint(esp32.idf_heap_info(4)[-1])"
    start, psram = said(board, body, MEMORY="psram")
    assert start == figures(*[FREE_AT_START] * 3)
    assert psram == figures(4_194_304, *[4_194_304 - 168_000] * 3)


def test_another_chip_has_no_esp32(board):
    body = "import machine\nmachine.UART(1, rxbuf=60000, txbuf=60000)\nimport esp32"
    status, lines = run(board, body, env={"VB_MEMORY": "none"})
    assert status and lines[-1].startswith("ImportError")


def test_a_largest_block_that_is_small(board):
    assert said(board, "show()", LARGEST=40_000) == [figures(FREE_AT_START, 40_000, FREE_AT_START)]
    body = "a = hold(70000)\nshow()"  # it takes what there is
    free = FREE_AT_START - 40_000 + 2064
    assert said(board, body, LARGEST=40_000) == [figures(free, 2064, free)]


@pytest.mark.parametrize(("chip_bytes", "fits"), [(82_000, True), (92_000, False)])
def test_who_outgrows_the_chip_fails(board, chip_bytes, fits):
    status, lines = run(board, SHOW + f"a = hold({chip_bytes})\nprint('fits')", heap="chip")
    assert (status == 0, "fits" in lines, "MemoryError" in " ".join(lines)) == (fits, fits, not fits)


# -- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def tls_port(tmp_path):
    """Port of a server that speaks TLS, as long as the client does."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not installed")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         "key", "-out", "pem", "-subj", "/CN=x"], cwd=tmp_path, check=True, capture_output=True)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem", tmp_path / "key")
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve():
        while not ended.is_set():
            line, _ = listener.accept()
            with line:
                line.settimeout(10)
                try:
                    with context.wrap_socket(line, server_side=True) as stream:
                        stream.recv(1)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    ended.set()
    with socket.create_connection(listener.getsockname()):
        pass
    thread.join(10)
    listener.close()


TLS = ONLINE + """
import socket, tls
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
context.verify_mode = tls.CERT_NONE
def connect(**options):
    line = socket.socket()
    line.connect(("127.0.0.1", %d))
    try:
        return context.wrap_socket(line, **options)
    except Exception as error:
        print(error.args)
        line.close()
"""  # fmt: skip


def test_tls_takes_memory_and_gives_it_back(board, tls_port):
    body = "for _ in range(5):\n s = connect()\n show()\n s.close()\nshow()"
    least = 94_000 - 37_000
    lines = said(board, TLS % tls_port + body)
    assert lines == [figures(65_000, 65_000, least)] * 5 + [figures(94_000, 94_000, least)]


def test_without_memory_there_is_no_tls_until_there_is_some(board, tls_port):
    body = "u = UART(1, rxbuf=60000)\ns = connect()\nshow()\nu.init(rxbuf=57000)\ns = connect()\nshow()"
    lines = said(board, TLS % tls_port + body)
    assert lines[0] == "(-17040, 'MBEDTLS_ERR_RSA_PUBLIC_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED')"
    assert [line.split(",")[0] for line in lines[1:]] == ["(34000", "(8000"]


def test_a_heap_that_grew_leaves_no_memory_for_tls(board, tls_port):
    body = TLS % tls_port + "u = UART(1, rxbuf=2048)\na = hold(70000)\ns = connect()\nprint(s)"
    assert said(board, body)[0].startswith("(-17040")


def test_a_handshake_that_fails_gives_its_memory_back(board, tls_port):
    body = TLS % tls_port + "context.verify_mode = tls.CERT_REQUIRED\ns = connect(server_hostname='x')\nshow()"
    error, line = said(board, body)
    assert "-17040" not in error and line.startswith("(94000")
