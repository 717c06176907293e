"""What the text console says of one pack's cells: `bat N` (§7.3). Loaded for the moment."""

from binascii import crc32

from ..reading import OTHER, rounded
from . import console_text as text
from . import console_words as terms
from .console import BAT

_MOST_CELLS = 16
_COLUMNS = ("Battery", "Volt", "Tempr", "Base State", "Volt. State")  # those that `bat N` must have
_BALANCES = ("Y", "N")
# of a cell's states: which of voltage, current, temperature each is; US3000D has one of discharging and one of charging
_STATES = (("Volt. State", 0), ("Curr. State", 1), ("Temp. State", 2), ("DTemp. State", 2), ("CTemp. State", 2))


def cells(dialect, pack):
    """Asks -> cell_values()."""
    return dialect.take("bat", pack, BAT, cell_values)


def cell_values(lines, _):
    """`bat N` -> (cells [mV], temperatures [0.1 °C], SOC [%], charges [mAh], numbers of the cells that balance, states
    of voltage, current, temperature (bytes, one a cell), words), form. Lists are empty for what the battery does not
    say, `balancing` is None then. ValueError.
    """
    header = next(lines, "")
    names = text.columns(header)
    for name in _COLUMNS:
        if name not in names:
            raise ValueError("the header has no %s" % name)
    if "Temp. State" not in header:  # or one of two that end so
        raise ValueError("the header has no Temp. State")
    form = crc32(header.encode())
    cells, temperatures, socs, charges, words = [], [], [], [], []
    balancing, balance_said = [], True
    states = bytearray(), bytearray(), bytearray()
    for line in lines:
        form = crc32(b"%d" % len(line), form)
        row = _row(line.split(), names)
        if row["Battery"] != str(len(cells)) or len(cells) == _MOST_CELLS:
            raise ValueError("cell %s is not the next" % row["Battery"])
        cells.append(text.number(row["Volt"]))
        temperatures.append(rounded(text.number(row["Tempr"]), 100))
        if "SOC" in row:
            socs.append(text.percent(row["SOC"]))
        if "mAH" in row:
            charges.append(text.number(row["Coulomb"]))
        if row.get("BAL") == "Y":
            balancing.append(len(cells))
        balance_said = balance_said and row.get("BAL") in _BALANCES
        for into, state in zip(states, _states("Cell %d" % len(cells), row, words)):
            into.append(state)
    if not cells or len(socs) not in (0, len(cells)) or len(charges) not in (0, len(cells)):
        raise ValueError("rows are missing")
    balancing = tuple(balancing) if balance_said else None
    states = [bytes(one) for one in states]  # MicroPython finds nothing in a bytearray
    return (tuple(cells), tuple(temperatures), socs, charges, balancing, states, words), form


def _states(whose, row, words):
    """Voltage, current, temperature of one cell: of each the worst; unknown words are appended to `words`."""
    states = bytearray(3)  # NORMAL
    for name, at in _STATES:
        states[at] = max(states[at], terms.state(row.get(name, "-"), whose + " " + name, words))
    if row["Base State"] not in terms.BASE:
        states[2] = OTHER
        terms.remark(words, whose, row["Base State"])
    balance = row.get("BAL", "-")
    if balance != "-" and balance not in _BALANCES:
        states[2] = OTHER
        terms.remark(words, whose + " BAL", balance)
    return states


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
