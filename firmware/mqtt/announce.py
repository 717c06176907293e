"""What is published seldom: who the packs are, what they allow, how the device is. Loaded for the moment.

Each function takes the publisher.Publisher, and what the poller's sink is told.
"""

from . import entities, payloads


def identity(publisher, pack, said):
    """`stat/info/PackN`: (serial number, protocol, version, maker, device), texts or None."""
    keys = ("BarCode", "Protocol", "Version", "Manufacturer", "Device")
    known = ['"%s":%s' % (key, payloads.text(text)) for key, text in zip(keys, said) if text]
    publisher.publish("stat/info/Pack%d" % pack, ("{%s}" % ",".join(known)).encode(), True)


def limits(publisher, pack, said):
    """`stat/limits/PackN`: values in the order of the table."""
    _listed(publisher, "stat/limits/Pack%d" % pack, said, "limits")


def parameters(publisher, _, said):
    """`stat/parameters`: values in the order of the table."""
    _listed(publisher, "stat/parameters", said, "parameters")


def state(publisher, values):
    """`tele/STATE`, from health.health()."""
    publisher.publish("tele/STATE", payloads.flat(values, entities.compact("state")))


def _listed(publisher, topic, said, rows):
    keys = [row[0] for row in entities.rows(rows)]
    publisher.publish(topic, payloads.flat(dict(zip(keys, said)), entities.compact(rows)), True)
