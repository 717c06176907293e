"""The start: is it a crash loop, settings that can be used, the UART, TLS. Forgotten once the loop is built."""

import time

import place

from . import board, config
from .modules import Temporary
from .retained import Retained

_COMPLAIN_MS = 60_000
_QUICK_BOOTS = 5  # starts in a row of which none lasted, then safe mode
_SAFE_MIN = 10
_MINUTE_MS = 60_000
_WHAT_TO_DO = """Put it right from a PC with tools/configure.py, or here: Ctrl-C, from firmware import config, setup
setup.ask() asks for what is not set; config.set(name=value), config.unset("name"), config.show()"""


def begin():
    """Counts this start -> Retained. In a crash loop it does not return: safe mode, then a reset."""
    retained = Retained(board.rtc_memory)
    retained.boots += 1
    if board.reset_cause() == "watchdog":
        retained.last_error = "watchdog: it hung, or the battery side made no progress"
    if place.read()[1:2] == [b"refused"]:
        with Temporary():
            from .update.trial import given_up
        try:
            given_up(retained)
        except OSError as error:  # a flash that is full must not keep it from starting
            print("place.txt is not written:", error)
    crash_loop = retained.quick_boots >= _QUICK_BOOTS
    retained.quick_boots = 0 if crash_loop else retained.quick_boots + 1
    retained.save()
    if crash_loop:
        _safe_mode(retained.last_error)
    return retained


def _safe_mode(why):
    """No network, no battery, and time to look at it. `why`: a text."""
    for minutes in range(_SAFE_MIN, 0, -1):
        print("safe mode after %d starts in a row that did not last (%s)." % (_QUICK_BOOTS, why or "no error kept"))
        print("Ctrl-C for the REPL; starting anew in %d minutes" % minutes)
        time.sleep_ms(_MINUTE_MS)
    board.reset()


def prepare():
    """-> (settings, UART, tls.Tls or None); until the settings can be used it says every minute what is wrong with
    them. The UART holds memory until board.release_memory().
    """
    while True:
        try:
            settings = config.load()
            tls = _tls(settings) if settings["mqtt_tls"] else None
            return settings, _uart(settings), tls
        except config.ConfigError as error:
            print("error: the settings cannot be used:\n%s\n%s" % (error, _WHAT_TO_DO))
        time.sleep_ms(_COMPLAIN_MS)


def _uart(settings):
    try:
        return board.uart(settings, holds_memory=True)
    except ValueError as error:
        raise config.ConfigError(str(error)) from None


def _tls(settings):
    from .mqtt.tls import Tls

    try:
        return Tls(settings["mqtt_ca"], settings["mqtt_host"], settings["ntp_host"])
    except (OSError, ValueError) as error:
        raise config.ConfigError("mqtt_ca: %s: %s" % (settings["mqtt_ca"], error)) from None
