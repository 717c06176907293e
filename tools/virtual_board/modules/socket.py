"""`socket` with the ESP32's habits over the unix port's. Runs on MicroPython.

Where the unix port is kinder, this one is not: setblocking(True) removes the timeout, ten sockets can be open, a socket
needs Wi-Fi, addresses are (host, port) tuples. It derives from IOBase, so `tls` and `select.poll` take it.
"""

import errno
import gc
import io
import time

import network
import usocket
from usocket import AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR  # noqa: F401

IPPROTO_TCP = 6
TCP_NODELAY = 1

_MAX_SOCKETS = 10
_NO_NAME = -202  # lwip's EAI_FAIL
_AIR_STEP_MS = 20
_IOCTL_POLL = 3
_IOCTL_CLOSE = 4
_open_sockets = set()


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    """-> [(AF_INET, type, 0, name, (address, port))]; OSError(-202) when the name is unknown or there is no Wi-Fi."""
    if not network.WLAN.isconnected():
        raise OSError(_NO_NAME)
    try:
        raw = usocket.getaddrinfo(host, port, AF_INET, type or SOCK_STREAM)[0][-1]
    except OSError:
        raise OSError(_NO_NAME)
    _, address, number = usocket.sockaddr(raw)
    return [(AF_INET, type or SOCK_STREAM, proto, host, (usocket.inet_ntop(AF_INET, address), number))]


def _raw_address(address):
    return usocket.getaddrinfo(address[0], address[1], AF_INET, SOCK_STREAM)[0][-1]


class socket(io.IOBase):
    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=0):
        if len(_open_sockets) >= _MAX_SOCKETS:
            gc.collect()
            if len(_open_sockets) >= _MAX_SOCKETS:
                raise OSError(errno.ENFILE if hasattr(errno, "ENFILE") else 23)
        self._raw = usocket.socket(af, type, proto)
        self._timeout_ms = None
        _open_sockets.add(id(self))

    def close(self):
        if self._raw:
            self._raw.close()
            self._raw = None
            _open_sockets.discard(id(self))

    __del__ = close

    def settimeout(self, seconds):
        self._timeout_ms = None if seconds is None else int(seconds * 1000)
        self._raw.settimeout(seconds)

    def setblocking(self, blocking):
        self.settimeout(None if blocking else 0)

    def _reachable(self):
        """True with Wi-Fi. Without it wait as the timeout says: False if the socket does not block, else OSError."""
        began = time.ticks_ms()
        while not network.WLAN.isconnected():
            if self._timeout_ms == 0:
                return False
            if self._timeout_ms is not None and time.ticks_diff(time.ticks_ms(), began) >= self._timeout_ms:
                raise OSError(errno.ETIMEDOUT)
            time.sleep_ms(_AIR_STEP_MS)
        return True

    def connect(self, address):
        if not network.WLAN.isconnected():
            raise OSError(errno.EHOSTUNREACH)
        self._raw.connect(_raw_address(address))

    def bind(self, address):
        self._raw.bind(_raw_address(address))

    def setsockopt(self, level, option, value):
        if level == SOL_SOCKET:
            self._raw.setsockopt(level, option, value)

    def fileno(self):
        return self._raw.fileno()

    def read(self, size=-1):
        return self._raw.read(size) if self._reachable() else None

    def readline(self):
        return self._raw.readline() if self._reachable() else None

    def readinto(self, buffer, size=-1):
        """Fill the buffer -> its length; less at the end of the stream, or when it does not block (then None for 0)."""
        if not self._reachable():
            return None
        view = memoryview(buffer)
        if size >= 0:
            view = view[:size]
        done = 0
        while done < len(view):
            try:
                part = self._raw.recv(len(view) - done)
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise
                if self._timeout_ms == 0:
                    return done or None
                raise OSError(errno.ETIMEDOUT)
            if not part:
                break
            view[done : done + len(part)] = part
            done += len(part)
        return done

    def recv(self, size, flags=0):
        if not self._reachable():
            raise OSError(errno.EAGAIN)
        try:
            return self._raw.recv(size, flags)
        except OSError as error:
            if error.errno == errno.EAGAIN and self._timeout_ms:
                raise OSError(errno.ETIMEDOUT)
            raise

    def recvfrom(self, size, flags=0):
        data = self.recv(size, flags)
        return data, ("0.0.0.0", 0)

    def write(self, data, *length):
        return self._raw.write(data, *length) if self._reachable() else None

    def send(self, data):
        return self.write(data)

    def sendall(self, data):
        self.write(data)

    def sendto(self, data, address):
        if not self._reachable():
            raise OSError(errno.EAGAIN)
        return self._raw.sendto(data, _raw_address(address))

    def ioctl(self, request, argument):
        if request == _IOCTL_CLOSE:
            self.close()
            return 0
        return 0
