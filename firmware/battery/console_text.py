"""What the text console prints, as values: numbers, units, columns, fields and states. No I/O. Lines and words are
bytes. Tables of words are texts, searched by meaning(): dicts would take many times the memory. Errors: ValueError.
"""

from micropython import const

from ..problems import OTHER
from ..reading import rounded

_NUMBER_DIGITS = const(10)  # of the longest number, its sign included
_MAX_WORDS = const(8)  # that nobody knows, kept of an answer
# Units, behind each the kind of quantity that it is of -> what a number is multiplied and divided by, for mV, mA,
# 0.1 °C, %, mAh
UNITS = b";mV0=1 1;V0=1000 1;mA1=1 1;A1=1000 1;mC2=1 100;C2=10 1;%3=1 1;mAH4=1 1;AH4=1000 1;mAS4=1 3600;AS4=5 18;"
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
    if not (factor := meaning(unit, UNITS)):
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
    """Lines `Name : value` -> [value of each name in `wanted`, b";name;name;"]; None where it is not said, b"" where it
    comes twice, as Pytes' model C prints one in place of another. The answer of another pack does not fit.
    """
    found = [None] * (wanted.count(b";") - 1)
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.strip()
        if b"  " in name:
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
    """What words of an answer mean: `flags`, and unknown `words`. `current` mA tells charging from discharging."""

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
