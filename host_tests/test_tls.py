"""TLS against mosquitto, with a CA that the test makes; the clock set from a time server that the test is."""

import shutil
import socketserver
import struct
import subprocess
import threading
import time

import pytest
from mqtt_helpers import Recorder, free_port, mosquitto

from tools.simulator import Simulator

SPEED = 10  # of board and battery
RECONNECTS = 10
NTP_TO_1970 = 2_208_988_800
TLS = {"wifi_ssid": "virtual", "mqtt_host": "localhost", "mqtt_tls": True, "mqtt_ca": "ca.pem"}

pytestmark = [
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl, which makes the certificates, is not installed"),
    pytest.mark.skipif(not mosquitto(), reason="mosquitto, the broker with TLS, is not installed"),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Directory with two CAs, and certificates signed by `ca`: name.pem and name.key."""
    directory = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    def new_key(name, subject, *arguments):
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        openssl("req", *curve, "-keyout", f"{name}.key", "-subj", f"/CN={subject}", *arguments)

    for name in ("ca", "other-ca"):
        new_key(name, "a CA of the tests", "-x509", "-days", "2", "-out", f"{name}.pem")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions")
    for name, host, days in (("good", "localhost", 2), ("foreign", "broker.example", 2), ("expired", "localhost", -1)):
        new_key(name, host, "-out", f"{name}.csr")
        (directory / "extensions").write_text(f"subjectAltName=DNS:{host}")
        openssl("x509", "-req", "-in", f"{name}.csr", *signing, "-days", str(days), "-out", f"{name}.pem")
    for path in [directory, *directory.iterdir()]:
        path.chmod(0o755)
    return directory


class TimeAnswer(socketserver.BaseRequestHandler):
    """Answers with the PC's time while the server `works`."""

    def handle(self):
        _, line = self.request
        self.server.asked.set()
        if self.server.works:
            seconds = (int(time.time()) + NTP_TO_1970) & 0xFFFFFFFF
            line.sendto(bytes(40) + struct.pack("!II", seconds, 0), self.client_address)


@pytest.fixture
def time_server():
    with socketserver.UDPServer(("127.0.0.1", 0), TimeAnswer) as server:
        server.works, server.asked = True, threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def tls_board(board, broker_factory, certificates, time_server):
    """Starts a board whose broker shows the certificate `name`; the board knows the certificate `ca`."""

    def start(name="good", ca="ca", env=(), settings=(), **arguments):
        plain = free_port()
        broker = broker_factory("\n".join([
            f"cafile {certificates}/ca.pem", f"certfile {certificates}/{name}.pem",
            f"keyfile {certificates}/{name}.key", f"listener {plain} 127.0.0.1",
        ]))  # fmt: skip
        settings = {**TLS, "mqtt_port": broker.port, "ntp_host": "127.0.0.1", **dict(settings)}
        pem = (certificates / f"{ca}.pem").read_text()
        environ = {"VB_NTP_PORT": str(time_server.server_address[1]), **dict(env)}
        one = board(settings, {"ca.pem": pem}, env=environ, heap="chip", **arguments)
        one.broker, one.plain_port = broker, plain
        return one

    return start


@pytest.mark.parametrize(("name", "ca", "words"), [
    ("good", "other-ca", "not correctly signed by the trusted CA"), ("foreign", "ca", "does not match"),
    ("expired", "ca", "expired"),
])  # fmt: skip
def test_who_is_refused(tls_board, name, ca, words):
    one = tls_board(name, ca)
    one.wait_for(words, 20)
    assert not [line for line in one.lines if "broker connected" in line]


def test_a_good_certificate_and_not_without_the_time(tls_board, time_server):
    """The board's clock begins with 2000."""
    time_server.works = False
    one = tls_board()
    one.wait_for("no time from ntp_host", 20)
    assert time_server.asked.is_set()
    time_server.works = True
    one.wait_for("info: broker connected", 20)


@pytest.mark.slow
def test_ten_connections_in_the_memory_of_the_chip(tls_board):
    """Each of them brings everything anew, also what Home Assistant is told: the broker forgets in a restart."""
    with Simulator(packs=2, paced=False, speed=SPEED) as battery:
        one = tls_board(uart=battery.path, speed=SPEED)
        for _ in range(RECONNECTS + 1):
            one.wait_for("info: broker connected", 30)
            with Recorder("127.0.0.1", one.plain_port) as recorder:
                for topic in ("Main/config", "_Pack1/config", "_Pack2/config", "stat/limits/Pack2", "readings/Rack"):
                    recorder.wait_topic(topic, 30)
            seen = one.line_count
            one.broker.restart()
            one.wait_for("warning: broker lost", 30, after=seen)
            one.wait_for("info: broker connected", 30, after=seen)
        assert one.resets == [] and not [line for line in one.lines if "memory" in line]


def test_without_memory_for_it_no_certificate_is_blamed(tls_board):
    one = tls_board(env={"VB_LARGEST": "70000"})
    one.wait_for("not enough memory for TLS", 20)
    assert not [line for line in one.lines if "certificate" in line or "TLS:" in line] and one.resets == []


def test_a_ca_that_is_none(board):
    one = board(TLS, {"ca.pem": "no certificate\n"})
    one.wait_for("mqtt_ca: ca.pem: no certificate in it", 20)
