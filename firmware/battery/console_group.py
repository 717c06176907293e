"""What the text console says of all packs: `pwr`. No I/O."""

from binascii import crc32

from micropython import const

from ..reading import rounded
from . import console_text as text

_MAX_PACKS = const(16)
_COLON = const(0x3A)
# Names; one text each, as they are seldom looked at: a tuple takes five times the memory.
_NEEDED = "Power;Volt;Curr;Tempr;Base.St;Volt.St;Curr.St;Temp.St;Coulomb;Time"
_SEEN_HERE = "MosTempr;M.T.St;SysAlarm.St"  # columns whose words stand nowhere else: a temperature, and states
_FORCE = "UTlow;CoulombAH"  # columns of the Force family
# Of absent rows, whatever the header is: where Absent stands, and how many words there are
_OLD_BASE, _OLD_WIDTH = const(8), const(16)


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
