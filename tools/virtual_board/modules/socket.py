"""`socket` with the ESP32's habits over the unix port's. Runs on MicroPython.

Where the unix port is kinder, this one is not: ten sockets can be open, a socket needs Wi-Fi, addresses are
(host, port) tuples. And where the ESP32 is kinder: it closes forgotten sockets when it collects garbage; here they stay
open, so that a leak shows. It derives from IOBase, so `tls` takes it like the built-in one.
"""

import errno
import io
import select
import time

import _memory
import network
import usocket
from usocket import AF_INET, SOCK_DGRAM, SOCK_STREAM  # noqa: F401

_MAX_SOCKETS = 10
_ENFILE = 23
_NO_NAME = -202  # lwip's EAI_FAIL
_PART_BYTES = 128  # TLS on the chip takes no heap to read
_AIR_STEP_MS = 20
_IOCTL_POLL = 3
_IOCTL_CLOSE = 4
_open_count = 0
_is_connected = network.WLAN.isconnected


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    """-> [(AF_INET, type, 0, name, (address, port))]; OSError(-202) when the name is unknown or there is no Wi-Fi."""
    try:
        raw = _is_connected() and usocket.getaddrinfo(host, port, AF_INET, type or SOCK_STREAM)[0][-1]
    except OSError:
        raw = None
    if not raw:
        raise OSError(_NO_NAME)
    address, number = usocket.sockaddr(raw)[1:]
    return [(AF_INET, type or SOCK_STREAM, proto, host, (usocket.inet_ntop(AF_INET, address), number))]


class socket(io.IOBase):
    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=0):
        global _open_count
        if _open_count >= _MAX_SOCKETS:
            raise OSError(_ENFILE)
        self._raw = usocket.socket(af, type, proto)
        self._timeout_ms = None
        _open_count += 1

    def close(self):
        global _open_count
        if self._raw:
            self._raw.close()
            self._raw = None
            _open_count -= 1
            _memory.give(self)

    def settimeout(self, seconds):
        self._timeout_ms = None if seconds is None else int(seconds * 1000)
        if self._raw:  # on a closed one the ESP32 does nothing, and says nothing
            self._raw.settimeout(seconds)

    def _reachable(self):
        """True with Wi-Fi. Without it wait as the timeout says: False if the socket does not block, else OSError."""
        if self._raw is None:
            raise OSError(errno.EBADF)
        began = time.ticks_ms()
        while not _is_connected():
            if self._timeout_ms == 0:
                return False
            if self._timeout_ms is not None and time.ticks_diff(time.ticks_ms(), began) >= self._timeout_ms:
                raise OSError(errno.ETIMEDOUT)
            time.sleep_ms(_AIR_STEP_MS)
        return True

    def connect(self, address):
        if not _is_connected():
            raise OSError(errno.EHOSTUNREACH)
        self._raw.connect(usocket.getaddrinfo(address[0], address[1], AF_INET, SOCK_STREAM)[0][-1])

    def read(self, size=-1):
        return self._raw.read(size) if self._reachable() else None

    def readinto(self, buffer):
        """What `tls` reads with -> number of bytes, 0 at the end of the stream; None: it would have to wait."""
        try:
            part = self._raw.recv(min(len(buffer), _PART_BYTES)) if self._reachable() else None
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            part = None
        if part is None:
            if self._timeout_ms == 0:
                return None
            raise OSError(errno.ETIMEDOUT)
        buffer[: len(part)] = part
        return len(part)

    def write(self, data, *length):
        return self._raw.write(data, *length) if self._reachable() else None

    def ioctl(self, request, argument):
        """What `tls` asks a stream: which of the events in `argument` are there, or close."""
        if request == _IOCTL_CLOSE:
            self.close()
        elif request == _IOCTL_POLL and _is_connected():
            poll = select.poll()
            poll.register(self._raw, argument)
            for _, events in poll.poll(0):
                return events
        return 0
