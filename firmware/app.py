"""Composition root: the only file that knows both wings. Needed at the start, then its memory is given back."""

import random
import socket
import time
from binascii import crc32, hexlify

import umqtt.simple  # before our own: where it is not frozen it is compiled here, and that takes room for a moment

from . import board
from .battery import dialect
from .energy import Meters
from .log import Log
from .loop import Loop
from .mqtt.bounded import Transport
from .mqtt.publisher import Publisher
from .mqtt.session import Session
from .overlay import drop
from .rack import Rack
from .wifi import Wifi

KEEPALIVE_S = 60
EXPIRE_MIN_S = 120  # of a reading, in Home Assistant


def build(retained, settings, uart, table, place, secure=None, clock=time):
    """Puts the house together -> loop.Loop, ready to run().

    `retained` is retained.Retained, `settings` come from config.check(), `uart` is the battery's,
    `table` is columns.compact() of the readings, `place` is where Home Assistant looks for the rack's
    config, `secure` is mqtt/secure.Secure with mqtt_tls.
    """
    log = Log(settings["log_level"])
    pin = settings["led"]
    if pin != "off":
        from .led import Led

        clock = Led(board.led(abs(pin)), pin < 0, clock)
    rate_ms = settings["publish_rate"] * 1000
    prefix = "%s/%s/" % (settings["mqtt_root"], settings["rack_name"])
    wifi = Wifi(settings["wifi_ssid"], settings["wifi_pass"], settings["hostname"], clock, log)
    session = _session(settings, secure, prefix.encode(), clock, log)
    poller = dialect.build(settings, uart, retained, clock, log)
    drop("firmware.battery.dialect")
    loop = Loop(board.reset, board.reset_cause(), retained, clock, log, wifi, session, poller)
    meters = Meters(retained, clock, rate_ms)
    publisher = Publisher(session, prefix, Rack(clock), meters, clock, loop, table, place, settings["discovery"])
    publisher.expire_s = max(EXPIRE_MIN_S, 4 * settings["publish_rate"])
    poller.sink = loop.publisher = publisher
    if pin != "off":
        clock.loop = loop
    log.listener = publisher.line
    drop("firmware.board")
    return loop


def _session(settings, secure, prefix, clock, log):
    """The Session over umqtt.simple, whose sockets are ours."""
    transport = Transport(socket, clock, secure)
    umqtt.simple.socket = transport
    lwt = prefix + b"tele/LWT"
    # of 23 characters, as every broker takes them; two boards must not share one
    client_id = b"p2m%08x%s" % (crc32(prefix) & 0xFFFFFFFF, hexlify(board.unique_id())[-12:])
    arguments = (
        client_id,
        settings["mqtt_host"],
        settings["mqtt_port"],
        settings["mqtt_user"].encode() or None,
        settings["mqtt_pass"].encode(),
        KEEPALIVE_S,
    )
    errors, client = umqtt.simple.MQTTException, umqtt.simple.MQTTClient
    subscriptions = [prefix + b"cmnd/#"]
    if settings["discovery"]:
        subscriptions.append(settings["discovery_prefix"].encode() + b"/status")
    return Session(client, arguments, errors, transport, clock, log, random.randrange, lwt, subscriptions)
