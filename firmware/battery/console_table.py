"""What the text console says of the whole group: `pwr` (§7.3). Loaded for the moment.

Each function takes the dialect (console.Console); may raise NoReply or ReturnCode.
"""

from binascii import crc32

from ..reading import rounded
from . import NoReply, ReturnCode
from .console import TABLE
from .console_text import columns, number

_ROWS = (8, 16)
_JUMP = 30  # 0.1 °C (§6)
_STATES = ("M.T.St", "SysAlarm.St")  # columns whose words stand nowhere else
# name, or none: any word; Time is two words
_NEEDED = ("Power", "Volt", "Curr", "Tempr", "Base.St", "Volt.St", "Curr.St", "Temp.St", "Coulomb", "Time")
_FOREIGN = ("UTlow", "CoulombAH")  # columns of the Force family
_OLD_BASE, _OLD_WIDTH = 8, 16  # of absent rows, whatever the header is: where Absent stands, and words in all


def packs(dialect):
    """Numbers of the packs that are there: (1, 2, …). What only the table says of each is kept in the dialect."""
    there, mos, odd = dialect.take("pwr", None, TABLE, table)
    if odd not in (None, dialect.odd) or not _follows(mos, dialect.mos):  # what is new has to be said twice
        _, also, too = dialect.take("pwr", None, TABLE, table)
        mos = mos and {pack: mos[pack] for pack in mos if _follows({pack: mos[pack]}, also or {})}
        odd = odd and {pack: odd[pack] for pack in odd if odd[pack] == (too or {}).get(pack)}
    dialect.mos, dialect.odd = mos or {}, odd or {}
    dialect.mos_at = None if mos is None and odd is None else dialect.link.clock.ticks_ms()
    return there


def mos(dialect):
    """Brings dialect.mos and dialect.odd up to date; what cannot be read is forgotten."""
    try:
        packs(dialect)
    except (NoReply, ReturnCode):
        dialect.mos, dialect.odd = {}, {}
        dialect.mos_at = dialect.link.clock.ticks_ms()


def _follows(mos, known):
    """Is each temperature where it can be after the one that is known?"""
    for pack in mos or ():
        if pack not in known or abs(mos[pack] - known[pack]) > _JUMP:
            return False
    return True


def table(lines, _):
    """`pwr` -> ((numbers of the packs that are there), {pack: MosTempr in 0.1 °C} or None, {pack: [(column, word)]} of
    states that stand nowhere else and are not Normal, or None), form. None: it has no such column. Row by row.
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
    base, volt, width = names.index("Base.St"), names.index("Volt"), len(names)
    temperature = names.index("MosTempr") if "MosTempr" in names else None
    time = names.index("Time")
    states = [(name, names.index(name)) for name in _STATES if name in names]
    there, temperatures, odd, count = [], {}, {}, 0
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
        if len(words) == width + 1 and "-" in words[time] and ":" in words[time + 1]:
            words.pop(time)
        elif len(words) != width or words[time] != "-":  # a word is missing, or a value is of two
            words = _cut(line, header, names)
        if not words or words[base] in ("-", "") or not words[volt]:
            raise ValueError("row %d does not fit its header" % count)
        number(words[volt])
        there.append(count)
        if temperature is not None and words[temperature] != "-":
            temperatures[count] = rounded(number(words[temperature]), 100)
        said = [(name, words[at]) for name, at in states if words[at] not in ("Normal", "-", "")]
        if said:
            odd[count] = said
    if count not in _ROWS or not there:
        raise ValueError("%d rows, %d packs" % (count, len(there)))
    return (tuple(there), None if temperature is None else temperatures, odd if states else None), form


def _cut(line, header, names):
    """The words of a row by where the names of its header begin, with blanks in them; () where that does not fit."""
    words = []
    end = len(line)
    for name in reversed(names):
        start = header.rfind(name, 0, end if words else len(header))
        if start and start <= len(line) and line[start - 1] != " ":
            return ()
        words.insert(0, line[start:end].strip())
        end = start
    return words


def _is_absent(words, base, width):
    """Number, Absent and else `-`: as many as the header has columns, or the old layout has."""
    for at, wide in ((base, width), (_OLD_BASE, _OLD_WIDTH)):
        if len(words) == wide and words[at] == "Absent" and words.count("-") == wide - 2:
            return True
    return False
