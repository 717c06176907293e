"""What the text console prints, as values: numbers, units, states, fields, and the table of all packs. No I/O.

Lines and words are bytes. Tables of words are texts, searched by meaning(): as dicts they would take many times the
memory. What does not fit is a ValueError.
"""

from micropython import const

from ..problems import OTHER
from ..reading import rounded

_NUMBER_DIGITS = const(10)
_MAX_WORDS = const(8)
_MAX_PACKS = const(16)
_BLANK, _COLON, _ZERO = const(0x20), const(0x3A), const(0x30)
# Units, behind each the kind of quantity that it is of -> what a number is multiplied and divided by, for mV, mA,
# 0.1 °C, %, mAh
UNITS = b";mV0=1 1;V0=1000 1;mA1=1 1;A1=1000 1;mC2=1 100;C2=10 1;%3=1 1;mAH4=1 1;AH4=1000 1;mAS4=1 3600;AS4=5 18;"
# What the header of `pwr` must have, and the columns whose words stand nowhere else: a temperature, and states
_NEEDED = b"Power;Volt;Curr;Tempr;Base.St;Volt.St;Curr.St;Temp.St;Coulomb;Time"
_SEEN_HERE = b"MosTempr;M.T.St;SysAlarm.St"
_FORCE = b"UTlow", b"CoulombAH"  # columns of the Force family
_OLD_ABSENT = 8, 16  # in rows of packs that are not there, whatever the header is: place of Absent, count of words
_STATES = b";Normal=0;-=0;Low=1;High=2;Under=1;Over=2;"  # -> problems.NORMAL, BELOW or ABOVE
# Words that are a flag: states, behind the letter of what they are of (a cell's voltage, the pack's, current,
# temperature), and those behind the number of Power Events and the like. "_": of charging or of discharging.
_FLAGS = (
    b";cUnder=Cell_UVP;cOver=Pack_OVP;vUnder=Pack_UVP;vOver=Pack_OVP;iUnder=_OCP;iOver=_OCP;tUnder=_TP;tOver=_TP"
    b";BOV=Pack_OVP;POV=Pack_OVP;BUV=Cell_UVP;PUV=Pack_UVP"
    b";COC=CHG_OCP;COC2=CHG_OCP;DOC=DSG_OCP;DOC2=DSG_OCP;SC=DSG_OCP"
    b";CBOT=CHG_TP;CBUT=CHG_TP;DBOT=DSG_TP;DBUT=DSG_TP"
    b";BHV=Cell_OV;BLV=Cell_UV;PHV=Pack_OV;PLV=Pack_UV;COCA=CHG_OC;DOCA=DSG_OC"
    b";CBHT=OT;DBHT=OT;CBLT=UT;DBLT=UT;LCOUL=Low_SOC;"
)


def meaning(word, table):
    """What a word means by a table as _STATES is; b"" for a word that is not in it."""
    start = table.find(b";%s=" % word)
    if start < 0:
        return b""
    start += len(word) + 2
    return table[start : table.find(b";", start)]


def unfit(what):
    """A ValueError about a name or a word."""
    return ValueError("%s does not fit" % str(what, "ascii"))


def number(word):
    """A whole number as it is printed."""
    if len(word) > _NUMBER_DIGITS or not word.lstrip(b"-").isdigit():
        raise unfit(word)
    return int(word)


def quantity(word, unit):
    """A number, and its unit with the kind of UNITS behind it -> a whole number in mV, mA, 0.1 °C, % or mAh."""
    factor = meaning(unit, UNITS)
    if not factor:
        raise unfit(word + unit)
    times, by = factor.split()
    return rounded(number(word) * int(times), int(by))


def columns(header, needed):
    """A header -> the names of its columns; "Base State" is one."""
    names = []
    for word in header.split():
        if word == b"State":
            names[-1] += b" State"
        else:
            names.append(word)
    for name in needed.split(b";"):
        if name not in names:
            raise unfit(name)
    return names


def fields(lines, pack, wanted):
    """Lines `Name : value` -> [value of each name in `wanted`]; None where it is not said, b"" where it comes twice, as
    Pytes' model C prints one in place of another. `wanted`: b";name;name;". The answer of another pack does not fit.
    """
    found = [None] * (wanted.count(b";") - 1)
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.strip()
        if name.find(b"  ") >= 0:
            name = b" ".join(name.split())
        at = wanted.find(b";%s;" % name)
        if colon and at >= 0:
            at = wanted.count(b";", 0, at)
            found[at] = value.strip() if found[at] is None else b""
        elif name[:14] == b"Device address" or (name[:6] == b"Power " and not colon):
            value = value if colon else name.split()[-1]
            if number(value.strip()) != pack:
                raise ValueError("the answer is of another pack")
    return found


class Findings:
    """What the words of one answer mean: `flags`, keys of problems; `words` that this project does not know, each with
    what it is of. `current`: mA, or 0; it tells whether a protection is of charging or of discharging.
    """

    def __init__(self, current):
        self.words, self.flags, self.current = [], set(), current

    def remark(self, whose, word):
        """One more of the words that nobody knows, within a bound."""
        if len(self.words) < _MAX_WORDS:
            self.words.append(str(b"%s %s" % (whose, word), "ascii"))

    def flag(self, word):
        """Keeps the flag that a word of _FLAGS is -> whether it could be told."""
        flag = meaning(word, _FLAGS)
        if flag[:1] == b"_":
            if not self.current:
                return False
            flag = (b"CHG" if self.current > 0 else b"DSG") + flag
        if flag:
            self.flags.add(str(flag, "ascii"))
        return True

    def state(self, word, whose, letter=b""):
        """A state in words -> problems.NORMAL …, OTHER for an unknown word. `letter`: as in _FLAGS."""
        known = meaning(word, _STATES)
        if not (known and self.flag(letter + word)):
            self.remark(whose, word)
        return int(known or OTHER)


def table(lines):
    """`pwr` -> (packs, mos, odd, tells). Lines `Name : value` can stand before its header.

    packs: numbers of those that are there; mos: {pack: 0.1 °C}; odd: of the states that stand nowhere else, those that
    are not Normal, as {pack: ((column, word), …)}; tells: whether it has columns of either.
    """
    header = b""
    for header in lines:
        if _COLON not in header:
            break
    for name in header.split():
        if name in _FORCE:
            name = str(name, "ascii")
            raise ValueError("a battery of the Force family (%s in its table), which is not known here" % name)
    names = columns(header, _NEEDED)
    width, base, time = len(names), names.index(b"Base.St"), names.index(b"Time")
    there, mos, odd, places = [], {}, {}, []
    for name in _SEEN_HERE.split(b";"):
        if name in names:
            places.append(names.index(name))
    count = 0
    for line in lines:
        count += 1
        words = line.split()
        is_absent = b"Absent" in words
        if is_absent:
            fits = (words.index(b"Absent"), len(words)) in ((base, width), _OLD_ABSENT)
            fits = fits and words.count(b"-") == len(words) - 2
        else:
            if len(words) == width + 1 and words[time].find(b"-") >= 0 and _COLON in words[time + 1]:
                words.pop(time)
            elif len(words) != width or words[time] != b"-":  # a word is missing, or a value is of two, or two touch
                words = _cut(line, header, names)
            fits = words and words[base].strip(b"-") and number(words[names.index(b"Volt")])
        if not fits or words[0] != b"%d" % count or count > _MAX_PACKS:
            raise unfit(b"row %d" % count)
        if is_absent:
            continue
        there.append(count)
        for place in places:
            name, word = names[place], words[place]
            if name == b"MosTempr":
                if word != b"-":
                    mos[count] = quantity(word, b"mC2")
            elif word.strip(b"-") and word != b"Normal":
                odd[count] = odd.get(count, ()) + ((name, word),)
    if not there:
        raise unfit(header)
    return tuple(there), mos, odd, bool(places)


def _cut(line, header, names):
    """The words of a row by where the names of its header begin, with blanks in them; () where it does not fit.

    Two values can touch when the first one fills its column; then both are whole numbers.
    """
    words = []
    at = start = header.find(names[0])
    for name in names[1:] + [b""]:
        at = header.find(name, at + 1) if name else len(line)
        word = line[start : max(start, at)].rstrip()
        touches = start and start <= len(line) and line[start - 1] != _BLANK
        if word[:1].isspace() or (touches and not (_is_plain(words[-1]) and _is_plain(word))):
            return ()
        words.append(word)
        start = at
    return words


def _is_plain(word):
    """A whole number, without zeros in front: those would be the end of another one."""
    digits = word.lstrip(b"-")
    return digits.isdigit() and (digits[0] != _ZERO or len(digits) == 1)
