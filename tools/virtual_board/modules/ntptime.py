"""Sets the board's clock from a time server, with the names of the one that is frozen into official firmware."""

import struct

import _host
import machine
import socket
import time as _clock

host = "pool.ntp.org"
timeout = 1
_NTP_TO_2000 = 3_155_673_600


def time():
    """-> seconds since 2000, from the server; OSError."""
    port = int(_host.setting("NTP_PORT", "123"))
    address = socket.getaddrinfo(host, port)[0][-1]
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        line.settimeout(timeout)
        line.sendto(b"\x23" + bytes(47), address)
        answer = line.recv(48)
    finally:
        line.close()
    return struct.unpack("!I", answer[40:44])[0] - _NTP_TO_2000


def settime():
    """Set the clock; OSError when the server does not answer."""
    year, month, day, hour, minute, second, weekday, _ = _clock.gmtime(time())
    machine.RTC().datetime((year, month, day, weekday + 1, hour, minute, second, 0))
