"""The table of entities.txt beside this file, row by row: what is published, and what it is in Home Assistant."""

_PATH = __file__[: __file__.rfind("/") + 1] + "entities.txt"


def _lines(first):
    """Yields what follows the word `first` in the lines that begin with it."""
    found = False
    with open(_PATH) as file:
        for line in file:
            if line.startswith(first):
                found = True
                yield line[len(first) : -1]
            elif found:
                return


def rows(topic, device=None):
    """Yields the rows of `topic` ("readings", "limits", "parameters", "state", "status") that are for `device` ("p",
    "r", None: all) as lists: key, kind, device, show, name.
    """
    for line in _lines(topic + " "):
        row = line.split(" ", 4)
        if device is None or row[2] == device or row[2] == "b":
            yield row


def kind(name):
    """Unit, decimals of the raw integer, decimals published, device class, state class, decimals shown: texts."""
    for line in _lines("kind %s " % name):
        return line.split(" ")


def compact(topic, device=None):
    """What payloads need of a topic: "key, decimals of the raw integer, decimals published" a line."""
    return "".join(["%s %s %s\n" % ((row[0],) + tuple(kind(row[1])[1:3])) for row in rows(topic, device)])
