"""What the text console is asked now and then: `pwr`, the table of all packs, `info N` and `stat N`. No I/O."""

from binascii import crc32

from micropython import const

from ..reading import Counters, rounded
from . import console_text as text

_MAX_PACKS = const(16)
_COLON = const(0x3A)
# Names; one text each, as they are seldom looked at: a tuple takes five times the memory.
_NEEDED = "Power;Volt;Curr;Tempr;Base.St;Volt.St;Curr.St;Temp.St;Coulomb;Time"
_SEEN_HERE = "MosTempr;M.T.St;SysAlarm.St"  # columns whose words stand nowhere else: a temperature, and states
_FORCE = "UTlow;CoulombAH"  # columns of the Force family
# Of absent rows, whatever the header is: where Absent stands, and how many words there are
_OLD_BASE, _OLD_WIDTH = const(8), const(16)
_INFO = b";Barcode=;Comm version=;Soft version=;Main Soft version=;Manufacturer=;Device name=;Board version="
# Of `stat N`: five counters that are taken as they are, and those that together are the number of protections
_STAT = (
    b";CYCLE Times=;SOH=;Dsg Cap=;Reset Times=;Shut Times=;COC Times=;COC2 Times=;DOC Times=;DOC2 Times=;SC Times="
    b";Bat OV Times=;Bat UV Times=;Pwr OV Times=;Pwr UV Times=;COT Times=;CUT Times=;DOT Times=;DUT Times="
)


def table(lines, _):
    """`pwr` -> ((packs, mos, odd, tells), form). Lines `Name : value` can stand before its header. ValueError.

    packs: numbers of those that are there; mos: {pack: 0.1 °C}; odd: of the states that stand nowhere else, those that
    are not Normal, as {pack: [(column, word)]}; tells: whether it has columns of either.
    """
    header = b""
    for header in lines:
        if _COLON not in header:
            break
    form = text.mixed(crc32(header), 0)
    header = str(header, "ascii")
    found = header.split()
    for name in _FORCE.split(";"):
        if name in found:
            raise ValueError("a battery of the Force family (%s in its table), which is not known here" % name)
    names = text.columns(header, _NEEDED.split(";"))
    base = names.index("Base.St")
    there, mos, odd, tells = [], {}, {}, False
    count = 0
    for line in lines:
        count += 1
        form = text.mixed(form, len(line))
        words = line.split()
        if words[0] != b"%d" % count or count > _MAX_PACKS:
            raise ValueError("row %s is not the next" % text.shown(words[0]))
        if b"Absent" in words:
            if not (_is_absent(words, base, len(names)) or _is_absent(words, _OLD_BASE, _OLD_WIDTH)):
                raise ValueError("row %d does not fit its header" % count)
            continue
        words = _columns_of(line, words, header, names)
        if not words or not words[base].strip(b"-") or not words[names.index("Volt")]:
            raise ValueError("row %d does not fit its header" % count)
        text.number(words[names.index("Volt")])
        there.append(count)
        for name in _SEEN_HERE.split(";"):
            if name not in names:
                continue
            tells = True
            word = words[names.index(name)]
            if name == "MosTempr":
                if word != b"-":
                    mos[count] = rounded(text.number(word), 100)
            elif word.strip(b"-") and word != b"Normal":
                odd[count] = odd.get(count, ()) + ((name, word),)
    if not there:
        raise ValueError("%d rows, no pack" % count)
    return (tuple(there), mos, odd, tells), form


def _columns_of(line, words, header, names):
    """The words of a row, one a column; () where it does not fit."""
    time = names.index("Time")
    if len(words) == len(names) + 1 and words[time].find(b"-") >= 0 and _COLON in words[time + 1]:
        words.pop(time)
        return words
    if len(words) == len(names) and words[time] == b"-":
        return words
    return text.cut(line, header, names)  # a word is missing, or a value is of two, or two touch


def _is_absent(words, base, width):
    """Number, Absent and else `-`: as many as the header has columns, or the old layout has."""
    return len(words) == width and words[base] == b"Absent" and words.count(b"-") == width - 2


def info(lines, pack):
    """`info N` -> ((serial, protocol, version, maker, device, board), texts or None, form). ValueError."""
    found, form = text.fields(lines, pack, _INFO)
    said = [text.shown(found.get(entry[:-1], b"")) or None for entry in _INFO[1:].split(b";")]
    serial, protocol, version, main_version, maker, device, board = said
    version = version or main_version
    return (serial, protocol and protocol.lstrip("V"), version and version.lstrip("V"), maker, device, board), form


def stat(lines, pack):
    """`stat N` -> (Counters, form). ValueError."""
    found, form = text.fields(lines, pack, _STAT)
    counts = []
    for entry in _STAT[1:].split(b";"):
        word = found.get(entry[:-1], b"")
        counts.append(text.number(word.rstrip(b"%")) if word.strip(b"-") else None)  # b"98", b"98%", b"-"
    cycles, soh, discharged, resets, shutdowns = counts[:5]
    protections = [count for count in counts[5:] if count is not None]
    return Counters(
        cycles,
        soh if soh is None or soh <= 100 else None,
        discharged,  # in mAh: in all recordings it is the capacity times the cycles
        sum(protections) if protections else None,
        resets,
        shutdowns,
    ), form
