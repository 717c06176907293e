"""Composition root and main loop: the only file that knows both wings."""

import gc
import random
import socket
import time
from binascii import crc32, hexlify

import umqtt.simple  # first: where it is not frozen it is compiled here, and that takes room for a moment
from micropython import const

from . import __version__
from .battery.link import Link
from .battery.poller import Poller
from .battery.pylontech import Pylontech
from .energy import Meters
from .log import Log
from .mqtt.bounded import Transport
from .mqtt.publisher import Publisher
from .mqtt.session import KEEPALIVE_S, Session
from .rack import Rack
from .wifi import Wifi

_TICK_MS = const(50)  # the longest sleep of the loop
_NO_BROKER_MS = const(900_000)  # without a sign of life from it, then the board is reset


class App:
    """The house: `board` is board.Board, `retained` retained.Retained, `settings` from config.check()."""

    def __init__(self, board, retained, settings, clock=time):
        self._board = board
        self._retained = retained
        self._clock = clock
        self._log = log = Log(settings["log_level"])
        rate_ms = settings["publish_rate"] * 1000
        prefix = "%s/%s/" % (settings["mqtt_root"], settings["rack_name"])
        self._started = clock.ticks_ms()
        self._uptime_s = 0
        self._wifi = Wifi(settings["wifi_ssid"], settings["wifi_pass"], settings["hostname"], clock, log)
        self._session = _session(settings, board, prefix.encode(), clock, log)
        self._publisher = Publisher(
            self._session, prefix, Rack(clock), Meters(retained, clock, rate_ms), clock, self._health
        )
        uart = board.uart(settings["uart_id"], settings["uart_tx"], settings["uart_rx"], settings["baud"])
        self._link = Link(uart, clock, settings["baud"], log)
        self._poller = Poller(self._link, Pylontech(self._link), clock, log, self._publisher, rate_ms)
        self._session.on_connect = self._connected
        log.listener = self._publisher.line

    def run(self):
        """Until Ctrl-C, or the board is reset."""
        self._board.start_watchdog()
        self._log.info("up: pylon2mqtt %s, %d bytes free", __version__, _heap_free())
        try:
            while True:
                self._pass()
        finally:
            self._session.close()

    def _pass(self):
        """One pass of the loop; every step in it is bounded."""
        self._session.tend(self._wifi.tend())
        wait_ms = self._poller.step()
        self._publisher.tend()
        if self._session.silence_ms() >= _NO_BROKER_MS:
            self._log.error("no sign of life from the broker for 15 minutes, starting anew")
            self._board.reset()
        if self._poller.alive():
            self._board.feed()
        if wait_ms:
            gc.collect()
            self._clock.sleep_ms(min(wait_ms, _TICK_MS))

    def _connected(self):
        """A broker may have forgotten what it was told to retain."""
        self._poller.tell_again()
        self._publisher.state()

    def _uptime(self):
        """Seconds; carried on, since ticks wrap after 12 days."""
        now = self._clock.ticks_ms()
        seconds = self._clock.ticks_diff(now, self._started) // 1000
        self._started = self._clock.ticks_add(self._started, seconds * 1000)
        self._uptime_s += seconds
        return self._uptime_s

    def _health(self):
        poller, link = self._poller, self._link
        return {
            "Uptime": self._uptime(),
            "Version": __version__,
            "ResetCause": self._board.reset_cause(),
            "Boots": self._retained.boots,
            "IP": self._wifi.address(),
            "RSSI": self._wifi.signal(),
            "HeapFree": _heap_free(),
            "Link": "searching" if poller.searching else "online",
            "Dialect": "framed",
            "Baud": link.baud,
            "Packs": len(poller.packs),
            "PublishRate": poller.publish_rate_ms // 1000,
            "Cycle": poller.cycle_ms and poller.cycle_ms // 100,
            "Polls": link.polls,
            "Timeouts": link.timeouts,
            "FrameErrors": link.frame_errors,
            "ReturnCodes": link.return_codes,
            "Implausible": poller.implausible,
            "BrokerDrops": self._session.drops,
            "WifiDrops": self._wifi.drops,
            "LastError": self._retained.last_error or "none",
        }


def _session(settings, board, prefix, clock, log):
    """The Session over umqtt.simple, whose sockets are ours."""
    transport = Transport(socket, clock)
    umqtt.simple.socket = transport
    lwt = prefix + b"tele/LWT"
    # of 23 characters, as every broker takes them; two boards must not share one
    client_id = b"p2m%08x%s" % (crc32(prefix) & 0xFFFFFFFF, hexlify(board.unique_id())[-12:])

    def make_client():
        client = umqtt.simple.MQTTClient(
            client_id,
            settings["mqtt_host"],
            settings["mqtt_port"],
            settings["mqtt_user"].encode() or None,
            settings["mqtt_pass"].encode(),
            KEEPALIVE_S,
        )
        client.set_last_will(lwt, b"Offline", True)
        return client

    return Session(make_client, transport, clock, log, umqtt.simple.MQTTException, random.randrange, lwt, ())


def _heap_free():
    gc.collect()
    return gc.mem_free()
