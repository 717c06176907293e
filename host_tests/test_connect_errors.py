"""connect_errors.py: what TLS says, in the owner's words; all the others are in test_session.py."""

import pytest

from firmware.mqtt.connect_errors import explain

ARGUMENTS = b"id", "broker.lan", 8883
NO_MEMORY = "not enough memory for TLS"


@pytest.mark.parametrize(("error", "words"), [
    (OSError(12), NO_MEMORY),
    (OSError(-17040, "MBEDTLS_ERR_RSA_PUBLIC_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED"), NO_MEMORY),
    (OSError(-10368, "MBEDTLS_ERR_X509_ALLOC_FAILED"), NO_MEMORY),
    (ValueError("\nThe certificate is not correctly signed by the trusted CA\n"),
     "TLS: The certificate is not correctly signed by the trusted CA"),
    (OSError(-30592, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"), "does it allow TLS 1.2"),
    (OSError(-1, "MBEDTLS_ERR_ODD"), "TLS: MBEDTLS_ERR_ODD (trying on"),
    (OSError(), "TLS: "),
])  # fmt: skip
def test_tls(error, words):
    assert words in explain(error, "tls", ARGUMENTS)


@pytest.mark.parametrize("stage", ["clock", "socket", "resolve"])
def test_what_fails_before_has_a_reason_of_its_own(stage):
    text = explain(OSError(12), stage, ARGUMENTS)
    assert NO_MEMORY not in text and text != explain(OSError(12), "connect", ARGUMENTS)
