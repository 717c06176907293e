"""What the text console is asked now and then: `pwr`, the table of all packs, `info N` and `stat N`. No I/O."""

from binascii import crc32
from collections import namedtuple

from micropython import const

from ..reading import rounded
from . import console_text as text

_MAX_PACKS = const(16)
# Names; one text each, as they are seldom looked at: a tuple takes five times the memory.
_NEEDED = b"Power;Volt;Curr;Tempr;Base.St;Volt.St;Curr.St;Temp.St;Coulomb;Time"
_STATES = (b"M.T.St", b"SysAlarm.St")  # columns whose words stand nowhere else
_FOREIGN = (b"UTlow", b"CoulombAH")  # columns of the Force family
# Of absent rows, whatever the header is: where Absent stands, and how many words there are
_OLD_BASE, _OLD_WIDTH = const(8), const(16)

# packs: numbers of those that are there; mos: {pack: 0.1 °C}, or None without that column; odd: of the states that
# stand nowhere else, those that are not Normal, as {pack: [(column, word)]}, or None without such columns
Table = namedtuple("Table", "packs mos odd")

# What a pack has counted in its life, None where it does not say it. soh %; discharged mAh; protections: how often it
# has switched off; resets, shutdowns
Counters = namedtuple("Counters", "cycles soh discharged protections resets shutdowns")

_INFO = b";Barcode;Comm version;Soft version;Main Soft version;Manufacturer;Device name;Board version;"
# Of `stat N`: the counters that are taken as they are, and those that together are the number of protections
_COUNTS = b";CYCLE Times;SOH;Dsg Cap;Reset Times;Shut Times;"
_PROTECTIONS = (
    b"COC Times;COC2 Times;DOC Times;DOC2 Times;SC Times;Bat OV Times;Bat UV Times;Pwr OV Times;Pwr UV Times;COT Times;"
    b"CUT Times;DOT Times;DUT Times;"
)


def table(lines, _):
    """`pwr` -> (Table, form). Lines `Name : value` can stand before its header. ValueError."""
    header = b""
    for header in lines:
        if header.find(b":") < 0:
            break
    names = text.columns(header)
    for name in _FOREIGN:
        if name in names:
            raise ValueError(
                "a battery of the Force family (%s in its table), which is not known here" % text.shown(name)
            )
    for name in _NEEDED.split(b";"):
        if name not in names:
            raise ValueError("the header has no %s" % text.shown(name))
    base, volt, time, width = names.index(b"Base.St"), names.index(b"Volt"), names.index(b"Time"), len(names)
    temperature = names.index(b"MosTempr") if b"MosTempr" in names else None
    states = [(name, names.index(name)) for name in _STATES if name in names]
    there, mos, odd, count = [], {}, {}, 0
    form = crc32(header) & 0xFFFFFF
    for line in lines:
        words = line.split()
        count += 1
        form = text.mixed(form, len(line))
        if words[0] != b"%d" % count or count > _MAX_PACKS:
            raise ValueError("row %s is not the next" % text.shown(words[0]))
        if b"Absent" in words:
            if not _is_absent(words, base, width):
                raise ValueError("an absent row does not fit")
            continue
        if len(words) == width + 1 and words[time].find(b"-") >= 0 and words[time + 1].find(b":") >= 0:
            words.pop(time)
        elif len(words) != width or words[time] != b"-":  # a word is missing, or a value is of two, or two touch
            words = text.cut(line, header, names)
        if not words or words[base] in (b"-", b"") or not words[volt]:
            raise ValueError("row %d does not fit its header" % count)
        text.number(words[volt])
        there.append(count)
        if temperature is not None and words[temperature] != b"-":
            mos[count] = rounded(text.number(words[temperature]), 100)
        said = [(name, words[at]) for name, at in states if words[at] not in (b"Normal", b"-", b"")]
        if said:
            odd[count] = said
    if not there:
        raise ValueError("%d rows, no pack" % count)
    return Table(tuple(there), None if temperature is None else mos, odd if states else None), form


def _is_absent(words, base, width):
    """Number, Absent and else `-`: as many as the header has columns, or the old layout has."""
    for at, wide in ((base, width), (_OLD_BASE, _OLD_WIDTH)):
        if len(words) == wide and words[at] == b"Absent" and words.count(b"-") == wide - 2:
            return True
    return False


def info(lines, pack):
    """`info N` -> ((serial, protocol, version, maker, device, board), texts or None, form). ValueError."""
    found, form = text.fields(lines, pack, _INFO)
    said = {}
    for name in found:
        said[name] = text.shown(found[name]) or None
    protocol = said.get(b"Comm version")
    version = said.get(b"Soft version") or said.get(b"Main Soft version")
    return (
        said.get(b"Barcode"),
        protocol and protocol.lstrip("V"),
        version and version.lstrip("V"),
        said.get(b"Manufacturer"),
        said.get(b"Device name"),
        said.get(b"Board version"),
    ), form


def stat(lines, pack):
    """`stat N` -> (Counters, form). ValueError."""
    found, form = text.fields(lines, pack, _COUNTS + _PROTECTIONS)
    cycles, soh, discharged, resets, shutdowns = [_count(found, name) for name in _COUNTS.split(b";")[1:-1]]
    protections = [_count(found, name) for name in _PROTECTIONS.split(b";")[:-1]]
    protections = [count for count in protections if count is not None]
    return Counters(
        cycles,
        soh if soh is None or soh <= 100 else None,
        discharged,  # in mAh: in all recordings it is the capacity times the cycles
        sum(protections) if protections else None,
        resets,
        shutdowns,
    ), form


def _count(found, name):
    """b"98", b"98%" -> 98; None for what is not said: nothing, or a dash. ValueError."""
    word = found.get(name)
    return None if word in (None, b"", b"-") else text.number(word.rstrip(b"%"))
