"""connect_errors.py: what TLS says, in the owner's words; all the others are in test_session.py."""

import pytest

from firmware.mqtt.connect_errors import explain

NO_MEMORY = "not enough memory for TLS"


@pytest.mark.parametrize(("error", "words"), [
    (OSError(12), NO_MEMORY),
    (OSError(-17040, "MBEDTLS_ERR_RSA_PUBLIC_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED"), NO_MEMORY),
    (OSError(-10368, "MBEDTLS_ERR_X509_ALLOC_FAILED"), NO_MEMORY),
    (ValueError("\nThe certificate is not correctly signed by the trusted CA\n"),
     "TLS: The certificate is not correctly signed by the trusted CA"),
    (OSError(-30592, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"), "TLS: MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"),
    (OSError(), "TLS: "),
])  # fmt: skip
def test_tls(error, words):
    assert explain("tls", error) == words


@pytest.mark.parametrize("stage", ["clock", "socket", "resolve"])
def test_what_fails_before_has_a_reason_of_its_own(stage):
    assert explain(stage, OSError(12)) not in (NO_MEMORY, explain("connect", OSError(12)))
