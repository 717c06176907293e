"""What was heard of one rack on its topics (mqtt.md): a state that messages go into, and that a view is made from.

No network and no clock in here: messages and times come in as arguments.
"""

from __future__ import annotations

import json
import math
import re
from collections import deque
from dataclasses import dataclass, field

from tools.process import clean

DEFAULT_ROOT, DEFAULT_RACK = "PylonToMQTT", "Main"
LOG_LINES_KEPT = 100
DEFAULT_PUBLISH_RATE_S = 10
MAX_PACKS = 16
PACK_TOPIC = re.compile(r"stat/(readings|info)/Pack(\d{1,3})")
# what take() answers
READING, RACK, HEALTH, LOG, LWT, OTHER = "reading", "rack", "health", "log", "lwt", "other"


@dataclass
class Pack:
    """One pack: its last reading, when it came (s), how many came; info as published."""

    reading: dict = field(default_factory=dict)
    at: float | None = None
    count: int = 0
    info: dict = field(default_factory=dict)

    def cells(self):
        """-> {number: (volts, state or None)}, in the order of the cells."""
        said = _measured(self.reading, "Cells")
        return {int(key[5:]): values for key, values in said if re.fullmatch(r"Cell_\d{1,3}", key)}

    def temperatures(self):
        """-> [°C], the BMS first."""
        return [value for _, (value, _) in _measured(self.reading, "Temps")]

    def flag(self, group, key):
        """A flag of `group`, one of the *_Status objects -> bool, or None where the reading has none."""
        flags = self.reading.get(group)
        said = flags.get(key) if isinstance(flags, dict) else None
        return said if isinstance(said, bool) else None


class Heard:
    """All that came of the rack `rack` below `root`.

    packs: number -> Pack; totals, health: the last of stat/readings/Rack and tele/STATE with the time it came; online:
    True, False, or None before a word about it; log: lines of tele/LOG; other_racks: names of others below the same
    root; readings: how many came, the first one at first_at. trouble: what is wrong between here and the broker, in
    words, or None. hint: what to say while nothing was published, or None.
    """

    def __init__(self, root=DEFAULT_ROOT, rack=DEFAULT_RACK):
        self.root, self.rack = root.strip("/"), rack
        self.prefix = f"{self.root}/{rack}/"
        self.packs = {}
        self.totals, self.totals_at = {}, None
        self.health, self.health_at = {}, None
        self.online, self.online_at = None, None
        self.log = deque(maxlen=LOG_LINES_KEPT)
        self.other_racks = set()
        self.messages = self.readings = 0
        self.first_at = None
        self.trouble = self.hint = None

    def subscriptions(self):
        """-> the topics to subscribe to: the rack's own, and who else is there."""
        return [f"{self.prefix}#", f"{self.root}/+/tele/LWT"]

    def take(self, topic, payload, now, retain=False):
        """Take in one message (payload: bytes, now: s) -> what it was, and its pack's number or its text.

        A retained reading is none: nobody knows how old it is. What cannot be read changes nothing.
        """
        if not topic.startswith(self.prefix):
            self.other_racks |= set(re.findall(rf"^{re.escape(self.root)}/([^/]+)/tele/LWT$", clean(topic)))
            return OTHER, None
        name = topic[len(self.prefix):]
        if name.startswith("cmnd/"):
            return OTHER, None
        self.messages += 1
        if name in ("tele/LWT", "tele/LOG"):
            return self._take_text(name, clean(payload.decode("utf-8", "replace")), now)
        try:
            said = json.loads(payload, object_hook=_cleaned)
        except ValueError:  # UnicodeDecodeError is one too
            said = None
        return self._take_object(name, said, now, retain) if isinstance(said, dict) else (OTHER, None)

    def _take_text(self, name, text, now):
        if name == "tele/LOG":
            self.log.append(text)
            return LOG, text
        online = text == "Online"
        if online is self.online:  # it may come twice
            return OTHER, None
        if online and self.online is False:
            self.health, self.health_at = {}, None  # from before its restart
        self.online, self.online_at = online, now
        return LWT, text

    def _take_object(self, name, said, now, retain):
        if name == "tele/STATE":
            self.health, self.health_at = said, now
            return HEALTH, None
        if name == "stat/readings/Rack" and not retain:
            self.totals, self.totals_at = said, now
            return RACK, None
        match = PACK_TOPIC.fullmatch(name)
        if match is None or (match[1] == "readings" and retain):
            return OTHER, None
        number = int(match[2])
        pack = self.packs.setdefault(number, Pack())
        if match[1] == "info":
            pack.info = said
            return OTHER, None
        pack.reading, pack.at = said, now
        pack.count += 1
        self.readings += 1
        if self.readings == 1:
            self.first_at = now
        return READING, number

    def read_packs(self):
        """-> {number: Pack} of those that a reading came of, by number."""
        return {number: self.packs[number] for number in sorted(self.packs) if self.packs[number].count}

    def expected(self):
        """-> how many packs the group has, or None before it was said."""
        for said in (self.totals.get("PacksExpected"), self.health.get("Packs")):
            if type(said) is int and 0 < said <= MAX_PACKS:
                return said
        return None

    def link(self):
        """-> "online" or "searching", as tele/STATE said or as a reading proved since; None before either."""
        newest = max((pack.at for pack in self.read_packs().values()), default=None)
        if newest is not None and (self.health_at is None or newest >= self.health_at):
            return "online"
        said = self.health.get("Link")
        return said if said in ("online", "searching") else None

    def publish_rate_s(self):
        """-> seconds from one reading of a pack to the next; the firmware may say 5 or 5.0."""
        said = number(self.health.get("PublishRate"))
        return said if said and said > 0 else DEFAULT_PUBLISH_RATE_S


def number(value):
    """`value` where it is a number that can be shown, else None."""
    return value if type(value) in (int, float) and math.isfinite(value) else None


def _cleaned(said):
    return {clean(key): clean(value) if isinstance(value, str) else value for key, value in said.items()}


def _measured(reading, group):
    """[(key, (Reading, State or None))] of an object of {"Reading":…,"State":…}; others are left out."""
    said = reading.get(group)
    found = said.items() if isinstance(said, dict) else ()
    return [(key, (one["Reading"], one.get("State"))) for key, one in found
            if isinstance(one, dict) and number(one.get("Reading")) is not None]  # fmt: skip
