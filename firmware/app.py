"""Composition root: the only file that knows both wings. Forgotten once the loop is built."""

import random
import socket
from binascii import crc32, hexlify

import umqtt.simple

from . import board
from .battery.poller import Poller
from .energy import Meters
from .log import Log
from .loop import Loop
from .mqtt.devices import Devices, discovery_topic
from .mqtt.payloads import Payloads
from .mqtt.publisher import Publisher, expire_s
from .mqtt.session import Session
from .mqtt.transport import Transport
from .rack import Rack
from .telemetry import Telemetry
from .wifi import Wifi

_KEEPALIVE_S = 60


def build(retained, settings, uart, tls, clock):
    """Puts the house together -> loop.Loop, ready to run().

    `retained` is retained.Retained, `settings` come from config.check(), `uart` is the battery's as board.uart() makes
    it, `tls` is tls.Tls, or None; `clock` is `time`.
    """
    payloads = Payloads()  # first, since its buffer needs memory in one piece
    log = Log(settings["log_level"])
    led = None
    if settings["led"] != "off":
        from .led import Led

        led = clock = Led(board.led(abs(settings["led"])), settings["led"] < 0, clock)
    rate_ms = settings["publish_rate"] * 1000
    dialect = _dialect(settings, retained, uart, clock)
    poller = Poller(dialect, clock, log, rate_ms, settings["baud"], settings["dialect"] == "auto")
    board.release_memory(uart)  # all modules are loaded; Wi-Fi comes next, and needs it

    root, rack_name = settings["mqtt_root"], settings["rack_name"]
    prefix = "%s/%s/" % (root, rack_name)
    wifi = Wifi(settings["wifi_ssid"], settings["wifi_pass"], settings["hostname"], clock, log)
    session = _session(settings, tls, prefix.encode(), clock, log)
    telemetry = Telemetry(rack_name, board.reset_cause(), retained, clock, wifi, session, poller)
    topic = discovery_topic(settings["discovery_prefix"], root, rack_name)
    devices = Devices(settings["discovery"], topic, expire_s(rate_ms))
    meters = Meters(retained, clock, rate_ms)
    publisher = Publisher(session, prefix, Rack(clock), meters, payloads, devices, telemetry, clock, log)
    loop = Loop(board.reset, retained, clock, log, wifi, session, poller, publisher, telemetry)

    poller.sink, poller.on_found = publisher, loop.found
    publisher.on_announced = poller.start_cycle
    session.on_connect, session.on_message = loop.connected, loop.message
    log.listen(publisher.line)
    if led:
        led.watch(loop.state)
    return loop


def _dialect(settings, retained, uart, clock):
    """The dialect to begin with; only its own modules are loaded. With `auto` it is the one that answered last."""
    name = settings["dialect"]
    if name == "auto":
        name = retained.dialect
    if name == "console":
        from .battery.console import Console
        from .battery.console_line import Line

        return Console(Line(uart, clock))
    from .battery.link import Link
    from .battery.pylontech import Pylontech

    return Pylontech(Link(uart, clock, settings["baud"]))


def _session(settings, tls, prefix, clock, log):
    """The Session over umqtt.simple, whose sockets are ours."""
    transport = Transport(socket, clock, tls)
    umqtt.simple.socket = transport
    # of 23 characters, as every broker takes them; two boards must not share one
    client_id = b"p2m%08x%s" % (crc32(prefix) & 0xFFFFFFFF, hexlify(board.unique_id())[-12:])
    arguments = (
        client_id,
        settings["mqtt_host"],
        settings["mqtt_port"],
        settings["mqtt_user"].encode() or None,
        settings["mqtt_pass"].encode(),
        _KEEPALIVE_S,
    )
    errors, client = umqtt.simple.MQTTException, umqtt.simple.MQTTClient
    subscriptions = [prefix + b"cmnd/#"]
    if settings["discovery"]:
        subscriptions.append(settings["discovery_prefix"].encode() + b"/status")
    lwt = prefix + b"tele/LWT"
    return Session(client, arguments, errors, transport, clock, log, random.randrange, lwt, subscriptions)
