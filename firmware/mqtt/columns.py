"""What payloads need of the table of entities. Loaded at the start."""

from . import entities


def compact(topic):
    """The rows of a topic: "key, decimals of the raw integer, decimals published" a line."""
    return "".join(["%s %s %s\n" % ((row[0],) + tuple(entities.kind(row[1])[:2])) for row in entities.rows(topic)])
