"""Connects uplink.Uplink at the start, and when the driver does not by itself; loaded for that. What it says of
Ethernet is from MicroPython and the makers of the boards; not tried on hardware.
"""

import gc
from binascii import hexlify

import network
from machine import Pin

from .modules import Temporary

_SETTLE_MS = 1_000
_BETTER_DB = 8  # so much stronger must another access point be than the one that the driver found
_NOT_FOUND = 201
_REASONS = (  # what the driver says while it still tries
    (_NOT_FOUND, "no access point of that name in reach: is wifi_ssid right, is it a 2.4 GHz network?"),
    (202, "the access point refuses us: is wifi_pass right?"),
    (210, "no access point of that name has a security that fits: it must be WPA2 or WPA3 with a key, or open without"),
    (211, "no access point of that name has WPA2 or better: change that there"),
    (212, "all access points of that name are too weak here: is one nearer?"),
)
_NO_REASON = "is the access point on, is it in reach?"
_IN_REACH = "it is in reach, and does not let us in: is wifi_pass right, does its router give addresses?"
_OPEN = 0  # security of an access point that wants no key
_IS_OPEN = "it is an open network, and wifi_pass is set: unset that, if this is the right network"
_WANTS_KEY = "it wants a key, and wifi_pass is not set"
_NO_CABLE = "is the cable plugged in, at both ends?"
_NO_ADDRESS = "the cable is plugged in, but nobody gives us an address: is there a router (DHCP)? Or set ip"


def start(wlan, plan, helped, clock, log):
    """`wlan`: None at first; `plan`, `helped` as in uplink.Uplink -> (the station, the BSSID that it connects with, as
    bytes; None: any of that name, also a hidden one; empty: the same at each third help, since the strongest may refuse
    us). Where it is connected it only looks for a stronger one; from the second help on the radio goes off and on.
    Takes 5 s at most.
    """

    def attempt(step, *arguments, **options):
        """One step that the driver may refuse; the next help tries again."""
        try:
            return step(*arguments, **options)
        except (OSError, RuntimeError, MemoryError) as error:
            if helped < 3:  # later ones say nothing new
                log.warning("Wi-Fi driver: %s", error)
        return None

    def settle(step, *arguments):
        attempt(step, *arguments)
        clock.sleep_ms(_SETTLE_MS)

    _, ssid, key, hostname, address = plan
    is_new, wlan = wlan is None, wlan or network.WLAN(network.STA_IF)
    reason = wlan.status()
    signal = None if is_new or not wlan.isconnected() else attempt(wlan.status, "rssi")
    if signal is None:
        if wlan.active():  # also after a soft reset, which leaves it on
            settle(wlan.disconnect)
        if helped > 1:
            settle(wlan.active, False)
        network.hostname(hostname)
        attempt(wlan.active, True)
        attempt(_set_up, wlan, address)
    best, mismatch = _strongest(attempt(wlan.scan) or (), ssid.encode(), bool(key))
    gc.collect()  # many access points are some KB
    if signal is not None:
        if not best or best[3] < signal + _BETTER_DB:
            return wlan, None
        log.info("Wi-Fi: another access point is stronger, %d instead of %d dBm", best[3], signal)
        settle(wlan.disconnect)
    elif helped == 1 and best and reason == _NOT_FOUND:
        log.info("Wi-Fi: its access point is gone, trying the one with %d dBm", best[3])
    elif helped == 1:
        reasons = [words for code, words in _REASONS if code == reason] + [_IN_REACH if best else _NO_REASON]
        log.warning("no Wi-Fi %s: %s", ssid, mismatch or reasons[0])
    any_will_do = helped % 3 == 2
    bssid = best[1] if best and not any_will_do else None
    attempt(wlan.connect, ssid, key, bssid=bssid)
    return wlan, b"" if any_will_do else bssid and hexlify(bssid, ":")


def _set_up(wlan, address):
    wlan.config(pm=wlan.PM_NONE, reconnects=-1)
    if address:
        wlan.ifconfig(address)


def _strongest(found, name, with_key):
    """-> (the strongest access point of what scan() found that fits, or None; why others of that name do not)."""
    best = mismatch = None
    for one in found:
        if one[0] == name:
            if (one[4] != _OPEN) != with_key:
                mismatch = _IS_OPEN if with_key else _WANTS_KEY
            elif not best or one[3] > best[3]:
                best = one
    return best, None if best else mismatch


def start_lan(lan, plan, helped, clock, log):
    """As start() -> (network.LAN; None: it is not there and will not be, None); from the second help on it is reset."""
    board, _, _, hostname, address = plan
    try:
        if lan is None and not helped:
            with Temporary():
                from .values import ETHERNET
            network.hostname(hostname)
            lan = _made(*ETHERNET[board])
            if address:
                lan.ifconfig(address)
        elif lan and helped == 1:
            plugged = lan.status() == network.ETH_CONNECTED
            log.warning("no LAN: %s", _NO_ADDRESS if plugged else _NO_CABLE)
        elif lan:
            lan.active(False)
            clock.sleep_ms(_SETTLE_MS)
        if lan:
            lan.active(True)
    except (AttributeError, OSError, RuntimeError, ValueError) as error:
        log.error("LAN driver: %s; is this board %s, and its MicroPython one with Ethernet?", error, board)
    return lan, None


def _made(phy, is_driven, clock, power, mdc, mdio):
    return network.LAN(mdc=Pin(mdc), mdio=Pin(mdio), power=Pin(power), phy_type=network.PHY_LAN8720, phy_addr=phy,
                       ref_clk=Pin(clock), ref_clk_mode=Pin.OUT if is_driven else Pin.IN)  # fmt: skip
