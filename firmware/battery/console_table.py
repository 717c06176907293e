"""What the text console says of the whole group: `pwr` (§7.3). Loaded for the moment.

Each function takes the dialect (console.Console); may raise NoReply or ReturnCode.
"""

from binascii import crc32

from ..reading import rounded
from . import NoReply, ReturnCode
from .console import TABLE
from .console_text import columns, number

_ROWS = (8, 16)
# name, or none: any word; Time is two words
_NEEDED = ("Power", "Volt", "Curr", "Tempr", "Base.St", "Volt.St", "Curr.St", "Temp.St", "Coulomb", "Time")
_FOREIGN = ("UTlow", "CoulombAH")  # columns of the Force family
_OLD_BASE, _OLD_WIDTH = 8, 16  # of absent rows, whatever the header is: where Absent stands, and words in all


def packs(dialect):
    """Numbers of the packs that are there: (1, 2, …). What MosTempr says is kept in the dialect."""
    there, mos = dialect.take("pwr", None, TABLE, table)
    dialect.mos = mos or {}
    dialect.mos_at = None if mos is None else dialect.link.clock.ticks_ms()
    return there


def mos(dialect):
    """Brings dialect.mos up to date; what cannot be read is forgotten."""
    try:
        packs(dialect)
    except (NoReply, ReturnCode):
        dialect.mos = {}
        dialect.mos_at = dialect.link.clock.ticks_ms()


def table(lines, _):
    """`pwr` -> ((numbers of the packs that are there), {pack: MosTempr in 0.1 °C} or None), form. Row by row.
    ValueError.
    """
    header = next(lines, "")
    names = columns(header)
    for name in _FOREIGN:
        if name in names:
            raise ValueError("a battery of the Force family (%s in its table), which is not known here" % name)
    for name in _NEEDED:
        if name not in names:
            raise ValueError("the header has no %s" % name)
    base, width = names.index("Base.St"), len(names)
    temperature = names.index("MosTempr") if "MosTempr" in names else None
    time = names.index("Time")
    there, temperatures, count = [], {}, 0
    form = crc32(header.encode())
    for line in lines:
        words = line.split()
        count += 1
        form = crc32(b"%d" % len(line), form)
        if words[0] != str(count):
            raise ValueError("row %s is not the next" % words[0])
        if "Absent" in words:
            if not _is_absent(words, base, width):
                raise ValueError("an absent row does not fit")
            continue
        if len(words) > width:
            words.pop(time)
        elif len(words) == width and words[time] != "-":  # then a word is missing
            words = ()
        if len(words) != width or words[base] == "-":
            raise ValueError("row %d does not fit its header" % count)
        number(words[names.index("Volt")])
        there.append(count)
        if temperature is not None and words[temperature] != "-":
            temperatures[count] = rounded(number(words[temperature]), 100)
    if count not in _ROWS or not there:
        raise ValueError("%d rows, %d packs" % (count, len(there)))
    return (tuple(there), None if temperature is None else temperatures), form


def _is_absent(words, base, width):
    """Number, Absent and else `-`: as many as the header has columns, or the old layout has."""
    for at, wide in ((base, width), (_OLD_BASE, _OLD_WIDTH)):
        if len(words) == wide and words[at] == "Absent" and words.count("-") == wide - 2:
            return True
    return False
