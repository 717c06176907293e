"""INFO, cut into the fields of a layout as far as it goes, and where it does not go on. Pure."""

from __future__ import annotations

from typing import NamedTuple

from tools.decode_layouts import COMMANDS, REPLIES, REQUESTS, Field, in_words

DAMAGED = "damaged"
MOST_PACKS = 16  # of a group (§2.8)


class Named(NamedTuple):
    """fields: those that could be named; end: bytes of INFO that they cover; fault: (byte, bytes, text) or None."""

    fields: list
    end: int
    fault: tuple | None = None


class _Walk:
    """One way through INFO. `damaged`: numbers of the bytes that are not to be trusted."""

    def __init__(self, info, damaged=()):
        self.info, self.damaged = info, frozenset(damaged)
        self.at, self.fields, self.counts, self.stopped = 0, [], {}, False

    def rows(self, rows, prefix=""):
        """Goes over rows of a layout, until one does not fit any more."""
        for row in rows:
            times = {"": 1, "U4": int(self.counts.get("U") == 4)}.get(row.times)
            for number in range(1, 1 + (self.counts.get(row.times, 0) if times is None else times)):
                if not self._field(row, prefix + row.name.format(number)):
                    self.stopped = True
                    return

    def _field(self, row, name):
        """Takes one field -> whether the walk can go on."""
        raw = self.info[self.at : self.at + row.width]
        if len(raw) < row.width:
            return False
        hurt = not self.damaged.isdisjoint(range(self.at, self.at + row.width))
        self.fields.append(Field(self.at, row.width, name, DAMAGED if hurt else in_words(raw, row.kind)))
        if row.sets:
            if hurt or (row.sets == "M" and not raw[0]) or (row.sets == "U" and raw[0] not in (2, 4)):
                return False
            self.counts[row.sets] = raw[0]
        self.at += row.width
        return True


def _walked(info, layout, damaged, spare):
    walk = _Walk(info, damaged)
    walk.rows(layout.head)
    pack = 0
    while layout.block and not walk.stopped and (not pack or walk.at < len(info)) and pack < MOST_PACKS:
        pack += 1
        walk.rows(layout.block, f"pack {pack}: ")
        if spare and not walk.stopped and walk.at < len(info):
            walk.fields.append(Field(walk.at, spare, f"pack {pack}: behind status5", "of unknown meaning"))
            walk.at += spare
    if pack == 1:  # Command says which one it is
        walk.fields = [one._replace(name=one.name.removeprefix("pack 1: ")) for one in walk.fields]
    return walk


def reply(info, cid2, damaged=()):
    """The INFO of a reply to the command `cid2` -> Named. `damaged`: numbers of bytes that are no hex."""
    layout = REPLIES[cid2]
    why = _refusal(info, cid2)
    walk = _walked(info, layout, damaged, 0)
    if layout.spare and (walk.stopped or walk.at != len(info)):
        other = _walked(info, layout, damaged, layout.spare)
        if not other.stopped and other.at == len(info):
            walk = other
    if why is None or damaged:
        return Named(walk.fields, walk.at)
    if walk.stopped or walk.at < len(info):
        return Named(walk.fields, walk.at, (walk.at, max(1, len(info) - walk.at), why))
    return Named(walk.fields, walk.at, (0, len(info), why))


def _refusal(info, cid2):
    """Why the firmware does not take this INFO, or None."""
    parse = REPLIES[cid2].parse
    if parse is None:
        return f"INFO of {len(info)} bytes where none belongs" if info else None
    try:
        parse(info)
    except ValueError as error:
        return str(error)
    return None


def request(info, cid2, damaged=()):
    """The INFO of a request -> Named, and a remark or None. damaged: numbers of bytes that are no hex."""
    rows = REQUESTS.get(cid2, ())
    walk = _Walk(info, damaged)
    walk.rows(rows)
    wanted = sum(row.width for row in rows)
    remark = None
    if len(info) != wanted and cid2 in REPLIES:
        remark = f"{len(info)} bytes of INFO; by the protocol a request for {COMMANDS[cid2]} has {wanted}"
    return Named(walk.fields, walk.at), remark


def fitting(info):
    """The commands whose reply can have this INFO, as CID2."""
    return [cid2 for cid2 in REPLIES if _refusal(info, cid2) is None]
