"""Composition root: the only file that knows both wings. Forgotten once the loop is built."""

import random
import socket
from binascii import crc32, hexlify

import umqtt.simple

import place

from . import board, energy, log, loop, rack, telemetry, uplink
from .battery import poller
from .modules import Temporary
from .mqtt import devices, payloads, publisher, session, transport

_WORDS = place.read()
del place  # its memory is needed before _WORDS are

_KEEPALIVE_S = 60
_ID_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


def build(retained, settings, uart, tls, clock):
    """Puts the house together -> loop.Loop, ready to run(). `retained` is retained.Retained, `settings` come from
    config.check(), `uart` is the battery's as board.uart() makes it, `tls` is tls.Tls, or None; `clock` is `time`.
    """
    writer = payloads.Payloads()  # first, since its buffer needs memory in one piece
    logger = log.Log(settings["log_level"])
    led = None
    if settings["led"] != "off":
        from .led import Led

        led = clock = Led(board.led(abs(settings["led"])), settings["led"] < 0, clock)
    rate_ms = settings["publish_rate"] * 1000
    dialect = _dialect(settings, retained, uart, clock)
    searches_all, group = settings["dialect"] == "auto", settings["group"]
    reader = poller.Poller(dialect, clock, logger, rate_ms, settings["baud"], searches_all, group)
    board.release_memory(uart)  # all modules are loaded; Wi-Fi comes next, and needs it

    root, rack_name = settings["mqtt_root"], settings["rack_name"]
    prefix = root + "/" + rack_name + "/"
    station = _uplink(settings, clock, logger)
    client = _session(settings, tls, prefix.encode(), clock, logger)
    health = telemetry.Telemetry(rack_name, board.reset_cause(), retained, clock, station, client, reader)
    topic = _discovery_topic(settings["discovery_prefix"], root, rack_name)
    tells = settings["discovery"] * (2 if settings["update_key"] else 1)
    announced = devices.Devices(tells, topic, publisher.expire_s(rate_ms))
    meters = energy.Meters(retained, clock, rate_ms)
    sums = rack.Rack(clock)
    sink = publisher.Publisher(client, prefix, sums, meters, writer, announced, health, clock, logger)
    key = settings["update_key"].encode()
    main = loop.Loop(board.reset, retained, clock, logger, station, client, reader, sink, health, key)
    if _WORDS[1:2] == [b"trial"]:
        with Temporary():
            from .update.trial import Trial
        main.update = Trial(main, client, announced, health, logger, _WORDS)

    reader.sink, reader.on_found = sink, main.found
    sink.on_announced = reader.start_cycle
    client.on_connect, client.on_message = main.connected, main.message
    logger.listener = sink.line
    if led:
        led.state = main.state
    return main


def _uplink(settings, clock, logger):
    address, gateway = None, settings["gateway"] or "0.0.0.0"
    if settings["ip"]:
        ip, _, bits = settings["ip"].partition("/")
        address = ip, int(bits), gateway, settings["dns"] or gateway
    keys = ("network", "wifi_ssid", "wifi_pass", "hostname")
    return uplink.Uplink(*[settings[key] for key in keys], address, clock, logger)


def _discovery_topic(prefix, root, rack_name):
    """How the topics of the rack's configs begin; in an id of letters, digits, "_", "-" that no other rack has."""
    plain = bytearray()
    name = root + "/" + rack_name
    for byte in name.replace("/", "_").encode():  # bytes: each character as a text would stay among the names
        if byte in _ID_CHARACTERS:
            plain.append(byte)
        elif byte & 0xC0 != 0x80:  # the first byte of another character
            plain += b"_"
    plain = bytes(plain).decode()
    if plain.count("_") > 1:  # else it is the only one: "_" can stand for different characters
        plain += "_%08x" % (crc32(name.encode()) & 0xFFFFFFFF)
    return "%s/device/%s" % (prefix, plain)


def _dialect(settings, retained, uart, clock):
    """The dialect to begin with; only its own modules are loaded. With `auto` it is the one that answered last."""
    name = settings["dialect"] if settings["dialect"] != "auto" else retained.dialect
    if name == "console":
        from .battery.console import Console
        from .battery.console_line import Line

        return Console(Line(uart, clock))
    if name == "pace":
        from .battery.pace import Pace, PaceLink

        return Pace(PaceLink(uart, clock, settings["baud"]))
    from .battery.link import Link, Rs485Link
    from .battery.pylontech import Pylontech

    if name == "rs485":
        return Pylontech(Rs485Link(uart, clock, settings["baud"], settings["group"]), name)
    return Pylontech(Link(uart, clock, settings["baud"]))


def _session(settings, tls, prefix, clock, logger):
    sockets = transport.Transport(socket, clock, tls)
    umqtt.simple.socket = sockets
    # of 23 characters, as every broker takes them; two boards must not share one
    client_id = b"p2m%08x%s" % (crc32(prefix) & 0xFFFFFFFF, hexlify(board.unique_id())[-12:])
    arguments = (client_id, settings["mqtt_host"], settings["mqtt_port"], settings["mqtt_user"].encode() or None,
                 settings["mqtt_pass"].encode(), _KEEPALIVE_S)  # fmt: skip
    errors, client = umqtt.simple.MQTTException, umqtt.simple.MQTTClient
    subscriptions = [prefix + b"cmnd/#"]
    if settings["update_key"]:
        subscriptions.append(prefix + b"update/#")
    if settings["discovery"]:
        subscriptions.append(settings["discovery_prefix"].encode() + b"/status")
    subscriptions.append(prefix + b"stat/info/+")  # the last, since it brings many messages
    lwt = prefix + b"tele/LWT"
    return session.Session(client, arguments, errors, sockets, clock, logger, random.randrange, lwt, subscriptions)
