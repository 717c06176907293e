"""What is known of the rack and its packs as devices, and which of them Home Assistant is still to be told of."""

from binascii import crc32

RACK = 0  # as a device's number; packs have their own


class Facts:
    """What is known of one pack; of the rack only `alarms`."""

    def __init__(self):
        self.cells = self.sensors = 0  # their counts
        self.alarms = self.soh = False  # did it ever say them?
        self.speaks_text = False
        self.identified = False
        self.serial = None


class Devices:
    """The devices of a rack. `enabled`: Home Assistant is told at all; `topic`: how the topics of their configs begin, as
    discovery_topic() makes it; `expire_s`: after so many seconds a reading is too old for it.
    """

    def __init__(self, enabled, topic, expire_s):
        self.enabled = enabled
        self.topic = topic
        self.expire_s = expire_s
        self._facts = {RACK: Facts()}
        self._due = set()  # numbers of devices

    def facts(self, number):
        """-> Facts."""
        if number not in self._facts:
            self._facts[number] = Facts()
        return self._facts[number]

    def numbers(self):
        """-> the rack and the packs of which something is known."""
        return sorted(self._facts)

    def see(self, reading):
        """Takes in what a Reading shows; what is new makes the configs due."""
        facts, rack = self.facts(reading.pack), self._facts[RACK]
        before = facts.cells, facts.sensors, facts.alarms, facts.soh
        facts.cells, facts.sensors = len(reading.cells), len(reading.temperatures)
        facts.alarms = facts.alarms or reading.alarms is not None
        facts.soh = facts.soh or reading.soh is not None
        rack.alarms = rack.alarms or facts.alarms
        if before != (facts.cells, facts.sensors, facts.alarms, facts.soh):
            self._make_due(reading.pack)

    def identify(self, pack, identity):
        """Takes in a reading.Identity."""
        facts = self.facts(pack)
        facts.identified = True
        facts.speaks_text = identity.dialect == "console"
        facts.serial = identity.serial
        self._make_due(pack)

    def set_expire(self, seconds):
        """All configs are due when this is another time than before."""
        if seconds != self.expire_s:
            self.expire_s = seconds
            self.all_due()

    def all_due(self):
        """Home Assistant asks for everything."""
        if self.enabled:
            self._due |= set(self._facts)

    def _make_due(self, pack):
        if self.enabled:
            self._due |= {RACK, pack}

    def next_due(self):
        """-> the number of a device whose config is to be sent, the rack's first; None: all are sent. Each comes once; a
        pack that did not show its cells, or say who it is, is passed over.
        """
        while self._due:
            number = min(self._due)
            self._due.remove(number)
            facts = self._facts[number]
            if number == RACK or (facts.cells and facts.identified):
                return number
        return None

    def any_due(self):
        """True while configs are to be sent."""
        return bool(self._due)

    def config_topic(self, number):
        """-> the topic of a device's config."""
        return "%s%s/config" % (self.topic, "_Pack%d" % number if number else "")


def discovery_topic(prefix, root, rack):
    """`prefix` (setting discovery_prefix), `root` (mqtt_root) and `rack` (rack_name) -> how the topics of the rack's
    configs begin. It ends in an id of letters, digits, "_" and "-"; no two racks have the same.
    """
    plain = ""
    for char in "%s_%s" % (root, rack):
        plain += char if "0" <= char <= "9" or "A" <= char <= "Z" or "a" <= char <= "z" or char in "-_" else "_"
    if plain.count("_") > 1:  # else it is the only one: "_" can stand for different characters
        plain += "_%08x" % (crc32(("%s/%s" % (root, rack)).encode()) & 0xFFFFFFFF)
    return "%s/device/%s" % (prefix, plain)
