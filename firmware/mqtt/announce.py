"""What is published seldom: who the packs are, and what follows from that. Loaded for the moment.

Each function takes the publisher.Publisher, and what the poller's sink is told.
"""

from .parts import value

_IDENTIFIED, _TEXT = 1 << 18, 1 << 19  # in publisher.known


def identity(publisher, pack, said):
    """`stat/info/PackN`: (serial number, protocol, version, maker, device, dialect, baud), None where not known."""
    serial = (said[0] or "").encode()[:16]
    publisher.serials[16 * pack : 16 * pack + 16] = serial + b" " * (16 - len(serial))
    publisher.wanted |= publisher.announces << pack | publisher.announces
    publisher.known[pack] |= _IDENTIFIED
    keys = ("BarCode", "Protocol", "Version", "Manufacturer", "Device", "Dialect", "Baud")
    known = ['"%s":%s' % (key, value(one, 0, 0)) for key, one in zip(keys, said) if one]
    if said[5:6] == ("console",) and not publisher.announces:  # else Home Assistant has to know first
        publisher.known[pack] |= _TEXT
        leftovers(publisher, None, None)
    publisher.publish("stat/info/Pack%d" % pack, ("{%s}" % ",".join(known)).encode(), True)


def leftovers(publisher, _, __):
    """Takes away what a battery that speaks text now was retained to have said while it spoke frames."""
    for pack in range(1, 17):
        if publisher.known[pack] & _TEXT:
            publisher.publish("stat/limits/Pack%d" % pack, b"", True)
            if pack == 1:
                publisher.publish("stat/parameters", b"", True)


def anew(publisher, _, __):
    """The battery speaks the other dialect: a fresh start has the room that it takes."""
    publisher.loop.orders("restart")
