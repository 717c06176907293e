"""What the text console prints (§7), as values: lines in, integers out. Words are found by the names of a header and by
the names before a colon, never by fixed columns. Loaded for the moment.

Each answer has a form: its names, and how long its lines are, blanks included. While values change it stays, but a lost
or doubled character makes another.
"""

from binascii import crc32

from ..reading import ABOVE, BELOW, NORMAL, OTHER, rounded

# What is taken from `pwr N`: name, unit
VALUES = (("Voltage", "mV"), ("Current", "mA"), ("Temperature", "mC"), ("Coulomb", "%"), ("Total Coulomb", "mAH"))
STATES = (
    "Basic Status",
    "Volt Status",
    "Current Status",
    "Tmpr. Status",
    "Coul. Status",
    "Soh. Status",
    "Heater Status",
    "System Fault",
)
_NEEDED = 4  # of STATES
BASE = ("Charge", "Dischg", "Idle", "Balance", "Sleep")
_WORDS = (("Normal", NORMAL), ("-", NORMAL), ("Low", BELOW), ("Under", BELOW), ("High", ABOVE), ("Over", ABOVE))
_MOST_WORDS = 8
_MOST_CELLS = 16
_COLUMNS = ("Battery", "Volt", "Tempr", "Base State", "Volt. State", "Temp. State")  # those that `bat N` must have


def number(text):
    """A whole number as it is printed; ValueError for anything else."""
    if not text[text[:1] == "-" :].isdigit():
        raise ValueError("%s is no number" % text)
    return int(text)


def percent(text):
    """ "45%" -> 45; ValueError for anything else."""
    if text[-1:] != "%":
        raise ValueError("%s is no percentage" % text)
    return number(text[:-1])


def state(word, whose, words):
    """A state in words -> one of reading.NORMAL …; an unknown word is appended to `words` with `whose` it is: "Volt
    Status Odd".
    """
    value = OTHER
    for known, meaning in _WORDS:
        if word == known:
            value = meaning
    if value == OTHER:
        remark(words, whose, word)
    return value


def remark(words, whose, word):
    """One more of the words that nobody knows, with `whose` it is, within a bound."""
    if len(words) < _MOST_WORDS:
        words.append("%s %s" % (whose, word))


def fields(lines, pack, wanted):
    """Lines `Name : value` -> ({name of `wanted`: value as text}, form). ValueError for another pack, a name twice."""
    found = {}
    form = 0
    for line in lines:
        name, colon, value = line.partition(":")
        words = name.split()
        name = " ".join(words)
        value = value.strip()
        form = crc32(name.encode(), form)
        if words[:2] == ["Device", "address"] or (words[:1] == ["Power"] and not colon):
            if (value if colon else words[-1]) != str(pack):
                raise ValueError("the answer is of another pack")
        elif name in wanted and colon:
            if name in found:
                raise ValueError("%s comes twice" % name)
            found[name] = value
            form = crc32(b"%d" % len(line), form)
    return found, form


def pack_values(lines, pack):
    """`pwr N` -> [voltage mV, current mA, temperature 0.1 °C, Coulomb %, capacity mAh, {name of STATES: word}], form.
    ValueError.
    """
    names = [name for name, _ in VALUES]
    found, form = fields(lines, pack, names + list(STATES))
    values = []
    for name, unit in VALUES:
        words = found.pop(name, "").split()
        if len(words) != 2 or words[1] != unit:
            raise ValueError("%s is missing or damaged" % name)
        values.append(number(words[0]))
    for name in STATES[:_NEEDED]:
        if not found.get(name):
            raise ValueError("%s is missing" % name)
    if values[4] <= 0 or values[3] < 0:
        raise ValueError("Coulomb cannot be")
    values[2] = rounded(values[2], 100)
    values.append(found)
    return values, form


def columns(header):
    """A header -> the names of its columns; `Base State` is one."""
    names = []
    for word in header.split():
        if word == "State" and names:
            names[-1] += " State"
        else:
            names.append(word)
    return names


def cell_values(lines, _):
    """`bat N` -> (cells [mV], temperatures [0.1 °C], SOC [%], charges [mAh], numbers of the cells that balance, states
    of voltage, current, temperature (bytes, one a cell), words), form. Lists are empty for what the battery does not
    say, `balancing` is None then. ValueError.
    """
    header = next(lines, "")
    names = columns(header)
    for name in _COLUMNS:
        if name not in names:
            raise ValueError("the header has no %s" % name)
    form = crc32(header.encode())
    cells, temperatures, socs, charges, words = [], [], [], [], []
    balancing = [] if "BAL" in names else None
    states = bytearray(), bytearray(), bytearray()
    for line in lines:
        form = crc32(b"%d" % len(line), form)
        row = _row(line.split(), names)
        if row["Battery"] != str(len(cells)) or len(cells) == _MOST_CELLS:
            raise ValueError("cell %s is not the next" % row["Battery"])
        cells.append(number(row["Volt"]))
        temperatures.append(rounded(number(row["Tempr"]), 100))
        if "SOC" in row:
            socs.append(percent(row["SOC"]))
        if "mAH" in row:
            charges.append(number(row["Coulomb"]))
        if row.get("BAL") == "Y":
            balancing.append(len(cells))
        whose = "Cell %d" % len(cells)
        for name, into in zip(("Volt. State", "Curr. State", "Temp. State"), states):
            into.append(state(row.get(name, "-"), whose + " " + name, words))
        if row["Base State"] not in BASE:
            states[2][-1] = OTHER
            remark(words, whose, row["Base State"])
    if not cells or len(socs) not in (0, len(cells)) or len(charges) not in (0, len(cells)):
        raise ValueError("rows are missing")
    balancing = balancing if balancing is None else tuple(balancing)
    states = [bytes(one) for one in states]  # MicroPython finds nothing in a bytearray
    return (tuple(cells), tuple(temperatures), socs, charges, balancing, states, words), form


def _row(words, names):
    """{column: word} of one cell. Old headers lack SOC, although the rows have it."""
    unit = "mAH" in words
    if unit:
        at = words.index("mAH")
        words.pop(at)
    if len(words) == len(names) + 1 and "SOC" not in names and "Coulomb" in names:
        names.insert(names.index("Coulomb"), "SOC")
    if len(words) != len(names):
        raise ValueError("a row does not fit its header")
    row = dict(zip(names, words))
    if unit:
        if names[at - 1] != "Coulomb":
            raise ValueError("a charge stands in the wrong column")
        row["mAH"] = True
    elif "Coulomb" in row and "SOC" not in row:
        row["SOC"] = row["Coulomb"]
    return row
