"""Home Assistant's device-based discovery (mqtt.md): a config for the rack and for each pack, made row by row of the
table. Loaded for the moment.
"""

from .. import __version__
from .entities import kind, lines
from .parts import Parts, temperature_key, text

_ALARMS, _SOH, _IDENTIFIED, _TEXT = 1 << 16, 1 << 17, 1 << 18, 1 << 19  # in publisher.known
_MARKS = "@^#!*&~$"  # of the table


def step(publisher):
    """Sends the config of the next device that is wanted, the rack's (0) first; of a pack that is not known none."""
    number = 0
    while not publisher.wanted >> number & 1:
        number += 1
    publisher.wanted ^= 1 << number
    known = publisher.known[number]
    if number and not (known & 255 and known & _IDENTIFIED):
        return
    place, prefix = publisher.place, publisher.prefix
    rack = place[place.rfind("/") + 1 :]
    after = "_Pack%d" % number if number else ""
    serial = publisher.serials[16 * number : 16 * number + 16].decode().strip("\0 ")
    values = (
        rack + after,
        rack,
        str(number),
        str(publisher.expire_s),
        __version__,
        ',"sn":%s' % text(serial) if serial else "",
        text(prefix.split("/")[-2])[1:-1].replace("$", "\\u0024"),  # no mark: the prefix comes last
        text(prefix)[1:-1],
    )

    def filled(part):
        for index, mark in enumerate(_MARKS):
            part = part.replace(mark, values[index])
        return part

    def make():
        """Yields the config in small parts, from as few generators as can be: each takes memory."""
        device = "p" if number else "r"
        for line in lines("head %s " % device):
            yield filled(line)
        comma = "," if device == "r" else ""
        last = None
        for part in lines("part %s " % device):
            topic, path, more = part.split(" ", 2)
            for row in lines(topic + " "):
                key, its, whose, show, name = row.split(" ", 4)
                if (
                    (whose != device and whose != "b")
                    or show == "-"
                    or ("a" in show and not known & _ALARMS)
                    or ("s" in show and known & _TEXT and not known & _SOH)
                ):
                    continue
                yield '%s"%s":{' % (comma, key)
                comma = ","
                if its != last:
                    last = its
                    what = kind(its)[2]
                if (
                    ("f" in show and known & _TEXT)
                    or ("s" in show and not known & _TEXT and not known & _SOH)
                    or ("t" in show and not _is_there(key, known & 255, known >> 8 & 255))
                ):
                    yield what[: what.find(",")] + "}"
                    continue
                yield what.replace("?", path.replace("?", key))
                yield ',"uniq_id":"%s_%s","name":"%s"' % (values[0], key, name)
                if show[0] != "m":
                    yield ',"ent_cat":"diagnostic"'
                if show[0] == "o":
                    yield ',"en":false'
                yield filled(more)
                yield "}"
        yield "}}"

    publisher.session.publish((place + after + "/config").encode(), Parts(make), True)


def _is_there(key, cells, sensors):
    if key[:5] == "Cell_":
        return int(key[5:]) <= cells
    for index in range(sensors):
        if temperature_key(index, cells) == key:
            return True
    return False
