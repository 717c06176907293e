"""What was heard of one rack on its topics (mqtt.md): a state that messages go into, and that a view is made from."""

import json
import math
import re
from typing import NamedTuple

from tools.process import clean

DEFAULT_ROOT, DEFAULT_RACK = "PylonToMQTT", "Main"
DEFAULT_PUBLISH_RATE_S = 10
PACK_TOPIC = re.compile(r"stat/readings/Pack(\d{1,3})")
# what take() answers
READING, RACK, HEALTH, LOG, LWT, OTHER = "reading", "rack", "health", "log", "lwt", "other"


class Pack(NamedTuple):
    """One pack: its last reading, and when it came (s)."""

    reading: dict
    at: float

    def cells(self):
        """-> {number: (volts, state or None)}, in the order of the cells; what is no such thing is left out."""
        said = self.reading.get("Cells")
        said = said if isinstance(said, dict) else {}
        return {int(key[5:]): (one["Reading"], one.get("State")) for key, one in said.items()
                if key[5:].isdigit() and isinstance(one, dict) and number(one.get("Reading")) is not None}


class Heard:
    """All that came of the rack `rack` below `root`.

    packs: number -> Pack, by number; totals, health: the last of stat/readings/Rack and tele/STATE, which came at
    health_at; online: True, False, or None before a word about it; readings: how many came, the first one at first_at.
    trouble: what is wrong between here and the broker, in words, or None.
    """

    def __init__(self, root=DEFAULT_ROOT, rack=DEFAULT_RACK):
        self.rack = rack
        self.prefix = f"{root.strip('/')}/{rack}/"
        self.packs, self.totals, self.health, self.readings = {}, {}, {}, 0
        self.health_at = self.online = self.online_at = self.first_at = self.trouble = None

    def take(self, topic, payload, now, retain=False):
        """Take in one message (payload: bytes, now: s) -> what it was, and its pack's number or its text.

        A retained reading is none: nobody knows how old it is. What cannot be read changes nothing.
        """
        name = topic.removeprefix(self.prefix)
        if name in ("tele/LWT", "tele/LOG"):
            return self._take_text(name, clean(payload.decode("utf-8", "replace")), now)
        try:
            said = json.loads(payload, object_hook=_cleaned)
        except ValueError:  # UnicodeDecodeError is one too
            return OTHER, None
        match = PACK_TOPIC.fullmatch(name)
        if not isinstance(said, dict) or (retain and name != "tele/STATE"):
            return OTHER, None
        if name == "tele/STATE":
            self.health, self.health_at = said, now
            return HEALTH, None
        if name == "stat/readings/Rack":
            self.totals = said
            return RACK, None
        if match is None:
            return OTHER, None
        self.packs = dict(sorted({**self.packs, int(match[1]): Pack(said, now)}.items()))
        self.readings += 1
        self.first_at = now if self.readings == 1 else self.first_at
        return READING, int(match[1])

    def _take_text(self, name, text, now):
        if name == "tele/LOG":
            return LOG, text
        online = text == "Online"
        if online is self.online:  # it may come twice
            return OTHER, None
        if online and self.online is False:
            self.health = {}  # from before its restart
        self.online, self.online_at = online, now
        return LWT, text

    def publish_rate_s(self):
        """-> seconds from one reading of a pack to the next; the firmware may say 5 or 5.0."""
        said = number(self.health.get("PublishRate"))
        return said if said and said > 0 else DEFAULT_PUBLISH_RATE_S


def number(value):
    """`value` where it is a number that can be shown, else None."""
    return value if type(value) in (int, float) and math.isfinite(value) else None


def _cleaned(said):
    return {clean(key): clean(value) if isinstance(value, str) else value for key, value in said.items()}
