"""What is published seldom: who the packs are, what they allow, how the device is. Loaded for the moment.

Each function takes the publisher.Publisher, and what the poller's sink is told.
"""

from . import payloads

_IDENTIFIED, _TEXT = 1 << 18, 1 << 19  # in publisher.known


def identity(publisher, pack, said):
    """`stat/info/PackN`: (serial number, protocol, version, maker, device, dialect, baud), None where not known."""
    serial = (said[0] or "").encode()[:16]
    publisher.serials[16 * pack : 16 * pack + 16] = serial + b" " * (16 - len(serial))
    publisher.wanted |= publisher.announces << pack | publisher.announces
    publisher.known[pack] |= _IDENTIFIED
    keys = ("BarCode", "Protocol", "Version", "Manufacturer", "Device", "Dialect", "Baud")
    known = ['"%s":%s' % (key, payloads.value(one, 0, 0)) for key, one in zip(keys, said) if one]
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


def limits(publisher, pack, said):
    """`stat/limits/PackN`: values in the order of the table."""
    publisher.publish("stat/limits/Pack%d" % pack, _listed(said, "limits"), True)


def parameters(publisher, _, said):
    """`stat/parameters`: values in the order of the table."""
    publisher.publish("stat/parameters", _listed(said, "parameters"), True)


def anew(publisher, _, __):
    """The battery speaks the other dialect: a fresh start has the room that it takes."""
    publisher.loop.orders("restart")


def state(publisher, values):
    """`tele/STATE`, from health.state()."""
    publisher.publish("tele/STATE", _object(values, "state"))


def status(publisher, values):
    """`stat/status`, from health.status()."""
    publisher.publish("stat/status", _object(values, "status"), True)


def _listed(said, topic):
    from . import entities

    return _object(dict(zip([row[0] for row in entities.rows(topic)], said)), topic)


def _object(values, topic):
    """An object of flat values {key: raw} -> payloads.Parts; read off the table row by row."""
    from . import entities  # now: identity() has no room for it

    def make():
        before = "{"
        for key, kind, _, _, _ in entities.rows(topic):
            raw = values.get(key)
            if raw is not None:
                scale, digits = entities.kind(kind)[:2]
                yield '%s"%s":%s' % (before, key, payloads.value(raw, int(scale), int(digits)))
                before = ","
        yield "}"

    return payloads.Parts(make)
