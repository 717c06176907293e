"""TLS under transport.Transport: the broker must show a certificate of our CA, for its name, and valid today."""

import time
from binascii import a2b_base64

import tls

_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"
_YEAR = 2025  # before it the clock was not set: the ESP32's begins with 2000
_NTP_S = 2


class Tls:
    """`ca`: PEM file of certificates, `host` must be in the broker's, `ntp_host` tells the time. ValueError."""

    def __init__(self, ca, host, ntp_host):
        self._host, self._ntp_host = host, ntp_host
        self._context = context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.verify_mode = tls.CERT_REQUIRED
        found = False
        with open(ca) as file:
            body = None
            for line in file:
                line = line.strip()
                if line == _BEGIN:
                    body = ""
                elif line == _END and body:
                    context.load_verify_locations(a2b_base64(body))  # as DER: some ports refuse PEM
                    found, body = True, None
                elif body is not None:
                    body += line
        if not found:
            raise ValueError("no certificate in it")

    def set_clock(self):
        """Without the time no certificate can be judged: asks the time server, once. OSError."""
        if time.gmtime()[0] >= _YEAR:
            return
        import ntptime

        ntptime.host = self._ntp_host
        ntptime.timeout = _NTP_S
        ntptime.settime()

    def wrap(self, raw):
        """A connected socket -> the TLS stream over it. OSError, ValueError when the broker is not who it should be."""
        return self._context.wrap_socket(raw, server_hostname=self._host)
