"""`tls` of the interpreter, in the memory of the chip. Runs on MicroPython; the firmware sees it as `tls`."""

import _memory
import tls
from tls import CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER  # noqa: F401

_TLS_BYTES = 29_000
_HANDSHAKE_BYTES = 8_000  # more than that, until the connection is there
_NO_MEMORY = -17040, "MBEDTLS_ERR_RSA_PUBLIC_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED"


class SSLContext:
    def __init__(self, protocol):
        self._context = tls.SSLContext(protocol)

    def __getattr__(self, name):
        return getattr(self._context, name)

    def _set_verify_mode(self, mode):
        self._context.verify_mode = mode

    verify_mode = property(None, _set_verify_mode)

    def wrap_socket(self, sock, **options):
        """As on the chip: OSError where there is no memory. What it takes comes back when the socket is closed."""
        if not _memory.take(sock, _TLS_BYTES + _HANDSHAKE_BYTES):
            raise OSError(*_NO_MEMORY)
        stream = self._context.wrap_socket(sock, **options)
        _memory.take(sock, _TLS_BYTES)
        return stream
