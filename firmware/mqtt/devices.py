"""What is known of the rack and its packs as devices, and which of them Home Assistant is still to be told of."""

from micropython import const

_RACK = const(0)  # as a device's number; packs have their own
# What a device has said, as bits in this order, from bit 16 on; below them the counts of its cells, and of its
# temperature sensors. text: it speaks text, or PACE, which has no limits either
_FACTS = b"alarms soh mos balancing switches counters text identified events pace"
_COUNTS = const(0xFFFF)
_ALARMS, _SOH, _MOS, _BALANCING = const(1 << 16), const(1 << 17), const(1 << 18), const(1 << 19)
_SWITCHES, _COUNTERS, _TEXT, _IDENTIFIED = const(1 << 20), const(1 << 21), const(1 << 22), const(1 << 23)
_EVENTS, _PACE = const(1 << 24), const(1 << 25)
DEVICES = 17  # the rack, and 16 packs
_SERIAL_BYTES = const(16)


class Devices:
    """`enabled`: 0 Home Assistant is not told, 1 it is, 2 of updates, too; `topic`: how those of the configs begin;
    `expire_s`: after so many seconds a reading is too old for it.
    """

    def __init__(self, enabled, topic, expire_s):
        self.enabled, self.topic, self.expire_s = enabled, topic, expire_s
        self._facts = [0] * DEVICES  # one small integer each, and the serial numbers in one piece, to save memory
        self._serials = bytearray(DEVICES * _SERIAL_BYTES)
        self._about = [b'"mf":"Pylontech"'] * DEVICES  # details.about(); equal ones are one object
        self.due = set()  # numbers of devices whose configs are to be sent

    def said(self, number):
        """-> those of _FACTS (bytes) that the device said; of the rack: that one of its packs did."""
        bits = self._facts[number] >> 16
        return [fact for index, fact in enumerate(_FACTS.split()) if bits >> index & 1]

    def cells(self, number):
        """-> count of a pack's cells; 0: not known."""
        return self._facts[number] & 0xFF

    def sensors(self, number):
        """-> count of a pack's temperature sensors."""
        return self._facts[number] >> 8 & 0xFF

    def serial(self, number):
        """-> a pack's serial number as a text; "": not known."""
        at = number * _SERIAL_BYTES
        return bytes(self._serials[at : at + _SERIAL_BYTES]).rstrip(b"\0").decode()

    def about(self, number):
        """-> maker, model and versions as members of JSON (bytes); of the rack only the maker of its first pack."""
        return self._about[number] if number else self._about[1].split(b',"')[0]

    def see(self, reading):
        """Takes in what a Reading shows; what is new makes the configs due."""
        pack = reading.pack
        facts = self._facts[pack] & ~_COUNTS | len(reading.temperatures) << 8 | len(reading.cells)
        mos = (reading.sensors and "MOS_T" in reading.sensors) or reading.mos
        for fact, value in (
            (_ALARMS, reading.alarms), (_SOH, reading.soh), (_MOS, mos),
            (_BALANCING, reading.balancing), (_EVENTS, reading.events), (_PACE, reading.design),
        ):  # fmt: skip
            if value is not None:
                facts |= fact
        if reading.alarms and not facts & _SWITCHES and "Charge_MOS" in reading.alarms.keys:
            facts |= _SWITCHES
        self._learn(pack, facts)

    def count(self, pack):
        """A pack says what it has counted in its life."""
        self._learn(pack, self._facts[pack] | _COUNTERS)

    def _learn(self, pack, facts):
        if facts != self._facts[pack]:
            self._facts[pack] = facts
            self._facts[_RACK] |= facts & _ALARMS
            self._make_due(pack)

    def identify(self, pack, identity, about):
        """Takes in a reading.Identity, and what details.about() makes of it."""
        is_text = identity.dialect in ("console", "pace")
        self._facts[pack] = self._facts[pack] & ~_TEXT | _IDENTIFIED | (_TEXT if is_text else 0)
        for known in self._about:
            if known == about:
                about = known
        self._about[pack] = about
        serial = (identity.serial or "").encode()[:_SERIAL_BYTES]
        at = pack * _SERIAL_BYTES
        self._serials[at : at + _SERIAL_BYTES] = serial + bytes(_SERIAL_BYTES - len(serial))
        self._make_due(pack)

    def set_expire(self, seconds):
        """All configs are due when this is another time than before."""
        if seconds != self.expire_s:
            self.expire_s = seconds
            self.all_due()

    def all_due(self):
        """Home Assistant asks for everything."""
        if self.enabled:
            self.due |= set([number for number in range(DEVICES) if number == _RACK or self._facts[number]])

    def _make_due(self, pack):
        if self.enabled:
            self.due |= {_RACK, pack}

    def next_due(self):
        """-> the number of the next device whose config is to be sent, the rack's first; None: none is due. Passed over
        is a pack that did not show its cells, or say who it is.
        """
        while self.due:
            number = min(self.due)
            self.due.remove(number)
            if number == _RACK or (self.cells(number) and self._facts[number] & _IDENTIFIED):
                return number
        return None

    def config_topic(self, number):
        """-> the topic of a device's config."""
        return "%s%s/config" % (self.topic, "_Pack%d" % number if number else "")
