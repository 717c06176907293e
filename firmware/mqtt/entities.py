"""The table of entities.txt beside this file, row by row: what is published, and what it is in Home Assistant."""

_PATH = __file__[: __file__.rfind("/") + 1] + "entities.txt"


def lines(first):
    """Yields what follows the words `first` in the lines that begin with them; these stand together."""
    found = False
    with open(_PATH) as file:
        for line in file:
            if line.startswith(first):
                found = True
                yield line[len(first) : -1]
            elif found:
                return


def rows(topic, device=None):
    """Yields the rows of `topic` ("readings", "System_Status", "limits", "parameters", "state", "status") that are for
    `device` ("p", "r", None: all) as lists: key, kind, device, show, name.
    """
    for line in lines(topic + " "):
        row = line.split(" ", 4)
        if device is None or row[2] == device or row[2] == "b":
            yield row


def kind(name):
    """Decimals of the raw integer, decimals published, what it is in Home Assistant: texts."""
    found = lines("kind %s " % name)
    line = next(found)
    found.close()  # and with it the file
    return line.split(" ", 2)
