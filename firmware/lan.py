"""Brings the Ethernet of uplink.Uplink up: at the start, and when the driver does not by itself. Loaded for that.

The pins and addresses are those that MicroPython and the makers of the boards name; not tried on hardware.
"""

import network
from machine import Pin

from .pins import ETHERNET

_SETTLE_MS = 1_000
_NO_CABLE = "is the cable plugged in, at both ends?"
_NO_ADDRESS = "the cable is plugged in, but nobody gives us an address: is there a router (DHCP)? Or set ip"


def start(lan, plan, helped, clock, log):
    """`lan` is None at the first time; `plan` and `helped` as in uplink.Uplink -> (the interface; None: it is not there
    and will not be, None). From the second help on it goes off and on.
    """
    board, _, _, hostname, address = plan
    try:
        if lan is None and not helped:
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
    return network.LAN(
        mdc=Pin(mdc),
        mdio=Pin(mdio),
        power=Pin(power),
        phy_type=network.PHY_LAN8720,
        phy_addr=phy,
        ref_clk=Pin(clock),
        ref_clk_mode=Pin.OUT if is_driven else Pin.IN,
    )
