"""What the text console prints, as values: columns, fields, numbers, units and states. Lines and words are bytes.

Each answer has a form: its names and how long its lines are, blanks included, as a number below 2^24. While values
change it stays; a lost or doubled character makes another one.
"""

from micropython import const

from ..problems import ABOVE, OTHER
from ..reading import rounded

_NUMBER_DIGITS = const(10)
_FORM = const(0xFFFFFF)
_MAX_WORDS = const(8)
_BLANK = const(0x20)
_SMALL_M, _S = const(0x6D), const(0x53)  # of milli, of seconds
_ZERO = const(0x30)
PROTECTED = const(4)  # in a state of this module: beyond the limit at which the battery switches off
# Tables are texts, searched by meaning(): as dicts they would take many times the memory.
_CHARGES = b";mAH=;AH=;mAS=;AS="
# Base.St, Base State, Basic Status -> BatteryState (mqtt.md)
BASE = b";Charge=charging;Dischg=discharging;Idle=idle;Balance=balancing;Sleep=sleeping;"
# Words of a state -> NORMAL, BELOW or ABOVE, the last two with PROTECTED in it
_STATES = b";Normal=0;-=0;Low=1;High=2;Under=5;Over=6;"
# Words behind the number of Power Events and the like -> the flag that each is; others are only shown
_EVENTS = (
    b";BOV=Pack_OVP;POV=Pack_OVP;BUV=Cell_UVP;PUV=Pack_UVP"
    b";COC=CHG_OCP;COC2=CHG_OCP;DOC=DSG_OCP;DOC2=DSG_OCP;SC=DSG_OCP"
    b";CBOT=CHG_TP;CBUT=CHG_TP;DBOT=DSG_TP;DBUT=DSG_TP"
    b";BHV=Cell_OV;BLV=Cell_UV;PHV=Pack_OV;PLV=Pack_UV;COCA=CHG_OC;DOCA=DSG_OC"
    b";CBHT=OT;DBHT=OT;CBLT=UT;DBLT=UT;LCOUL=Low_SOC;"
)


def meaning(word, table):
    """What a word means by a table as BASE is, as text; "" for a word that is not in it."""
    start = table.find(b";%s=" % word)
    if start < 0:
        return ""
    start += len(word) + 2
    return str(table[start : table.find(b";", start)], "ascii")


def number(word):
    """A whole number as it is printed; ValueError for anything else."""
    digits = word[1:] if word[:1] == b"-" else word
    if len(word) > _NUMBER_DIGITS or not digits.isdigit():
        raise ValueError("%s is no number" % shown(word))
    return int(word)


def percent(word):
    """b"45%" -> 45; ValueError for anything else."""
    return converted(word[:-1], word[-1:], b"%")


def quantity(value, unit):
    """b"49952   mV", b"mV" -> 49952. `unit`: b"mV", b"mA", b"mC", b"%", or b"mAH", which can be said in other units of
    charge; the result is in mV, mA, 0.1 °C, % or mAh. ValueError.
    """
    word, _, said = value.partition(b" ")
    return converted(word, said.strip(), unit)


def converted(word, said, unit):
    """As quantity(), of a number and the unit that is `said`, two words."""
    value = number(word)
    if said != unit:
        if unit != b"mAH" or not is_charge(said):
            raise ValueError("%s %s is not in %s" % (shown(word), shown(said), shown(unit)))
        value = value if said[0] == _SMALL_M else 1000 * value
        return rounded(value, 3600) if said[-1] == _S else value
    return rounded(value, 100) if unit == b"mC" else value


def is_charge(word):
    """Is it a unit of charge?"""
    return _CHARGES.find(b";%s=" % word) >= 0


def shown(word):
    """Bytes as text for a message; what is no ASCII shows as "?"."""
    return "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in word])


def mixed(form, value):
    """A form with one more small number in it."""
    return (form * 33 + value) & _FORM


def columns(header, needed=()):
    """A header, as text -> the names of its columns, as text; "Base State" is one. ValueError when one of
    those `needed` is missing.
    """
    names = []
    for word in header.split():
        if word == "State" and names:
            names[-1] += " State"
        else:
            names.append(word)
    for name in needed:
        if name not in names:
            raise ValueError("the header has no %s" % name)
    return names


def cut(line, header, names):
    """The words of a row by where the names of its header begin, with blanks in them; () where it does not fit.

    Two values can touch when the first one fills its column; then both are whole numbers.
    """
    starts = []
    at = 0
    for name in names:
        at = header.find(name, at)
        starts.append(at)
        at += len(name)
    starts.append(len(line))
    words = []
    for index in range(len(names)):
        start = starts[index]
        word = line[start : max(start, starts[index + 1])].rstrip()
        touches = index and start <= len(line) and line[start - 1] != _BLANK
        if word[:1].isspace() or (touches and not (_is_plain(words[-1]) and _is_plain(word))):
            return ()
        words.append(word)
    return words


def _is_plain(word):
    """A whole number, without zeros in front: those would be the end of another one."""
    digits = word.lstrip(b"-")
    return digits.isdigit() and (digits[0] != _ZERO or len(digits) == 1)


def fields(lines, pack, wanted):
    """Lines `Name : value` -> ({name: value} of those `wanted`, form). `wanted`: b";name=…;name=…", where it does not
    matter what stands behind "=". ValueError for an answer of another pack than `pack`.

    The value of a name that comes twice is b"": Pytes' model C prints one in place of another.
    """
    found = {}
    form = 0
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.strip()
        if name.find(b"  ") >= 0:
            name = b" ".join(name.split())
        if colon and wanted.find(b";%s=" % name) >= 0:
            found[name] = b"" if name in found else value.strip()
            form = mixed(form, len(line))
        elif name[:14] == b"Device address" or (not colon and name[:6] == b"Power "):
            if (value if colon else name.split()[-1]).strip() != b"%d" % pack:
                raise ValueError("the answer is of another pack")
            form = mixed(form, len(line))
    return found, form


def state(word, whose, words):
    """A state in words -> problems.NORMAL …, with PROTECTED in it where the battery has switched off for it.

    An unknown word is OTHER, and appended to `words` with `whose` (bytes) it is: "Volt Status Odd".
    """
    known = meaning(word, _STATES)
    if not known:
        remark(words, whose, word)
    return int(known or OTHER)


def remark(words, whose, word):
    """One more of the words that this project does not know, with `whose` (bytes) it is, within a bound."""
    if len(words) < _MAX_WORDS:
        words.append("%s %s" % (shown(whose), shown(word)))


def event(name, value, flags):
    """What an event says, as text: "Power Events 0x2000 COULFULL"; "" for none. Its flags are appended to `flags`."""
    words = value.split()
    for word in words:
        flag = meaning(word, _EVENTS)
        if flag:
            flags.append(flag)
    if len(words) == 1 and not words[0].strip(b"0x"):
        return ""
    return "%s %s" % (shown(name), shown(b" ".join(words)))


def protections(voltage, cells, current_state, temperature, current, flags, words):
    """Appends to `flags` the protections that states mean, each as state() has it, `cells` and `temperature` the worst
    of them. Without a `current` (mA) nobody knows whether one is of charging or of discharging: that goes to `words`.
    """
    if voltage & PROTECTED:
        flags.append("Pack_OVP" if voltage & ABOVE else "Pack_UVP")
    if cells & PROTECTED:
        flags.append("Pack_OVP" if cells & ABOVE else "Cell_UVP")
    for key, name, value in (("OCP", b"Current Status", current_state), ("TP", b"Tmpr. Status", temperature)):
        if value & PROTECTED and current:
            flags.append("%s_%s" % ("CHG" if current > 0 else "DSG", key))
        elif value & PROTECTED:
            remark(words, name, b"Over" if value & ABOVE else b"Under")


def published(states):
    """States as bytes, without PROTECTED."""
    return bytes([value & ~PROTECTED for value in states]) if max(states) > ABOVE else states
