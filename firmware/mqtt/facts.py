"""What is published seldom, and flat: what packs allow, how the device is. Loaded for the moment.

Each function takes the publisher.Publisher, and what the poller's sink is told, or health.py's values.
"""

from . import entities
from .parts import Parts, value


def limits(publisher, pack, said):
    """`stat/limits/PackN`: values in the order of the table."""
    publisher.publish("stat/limits/Pack%d" % pack, _listed(said, "limits"), True)


def parameters(publisher, _, said):
    """`stat/parameters`: values in the order of the table."""
    publisher.publish("stat/parameters", _listed(said, "parameters"), True)


def state(publisher, values):
    """`tele/STATE`, from health.state()."""
    publisher.publish("tele/STATE", _object(values, "state"))


def status(publisher, values):
    """`stat/status`, from health.status()."""
    publisher.publish("stat/status", _object(values, "status"), True)


def _listed(said, topic):
    return _object(dict(zip([row[0] for row in entities.rows(topic)], said)), topic)


def _object(values, topic):
    """An object of flat values {key: raw} -> Parts; read off the table row by row."""

    def make():
        before = "{"
        for key, kind, _, _, _ in entities.rows(topic):
            raw = values.get(key)
            if raw is not None:
                scale, digits = entities.kind(kind)[:2]
                yield '%s"%s":%s' % (before, key, value(raw, int(scale), int(digits)))
                before = ","
        yield "}"

    return Parts(make)
