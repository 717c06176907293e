"""What the text console says of one pack as a whole: `pwr N` (§7.3). Loaded for the moment."""

from ..reading import rounded
from . import console_text as text
from .console import PWR

# What is taken from `pwr N`: name, unit
_VALUES = (("Voltage", "mV"), ("Current", "mA"), ("Temperature", "mC"), ("Coulomb", "%"), ("Total Coulomb", "mAH"))
_WORDS = (
    "Basic Status",
    "Volt Status",
    "Current Status",
    "Tmpr. Status",
    "Coul. Status",
    "Soh. Status",
    "Heater Status",
    "System Fault",
)
_NEEDED = 4  # of _WORDS


def values(dialect, pack):
    """Asks -> pack_values(). NoReply or ReturnCode."""
    return dialect.take("pwr", pack, PWR, pack_values)


def pack_values(lines, pack):
    """`pwr N` -> [voltage mV, current mA, temperature 0.1 °C, Coulomb %, capacity mAh, {name of _WORDS: word}], form.
    ValueError.
    """
    names = [name for name, _ in _VALUES]
    found, form = text.fields(lines, pack, names + list(_WORDS))
    values = []
    for name, unit in _VALUES:
        words = found.pop(name, "").split()
        if len(words) != 2 or words[1] != unit:
            raise ValueError("%s is missing or damaged" % name)
        values.append(text.number(words[0]))
    for name in _WORDS[:_NEEDED]:
        if not found.get(name):
            raise ValueError("%s is missing" % name)
    if values[4] <= 0 or values[3] < 0:
        raise ValueError("Coulomb cannot be")
    values[2] = rounded(values[2], 100)
    values.append(found)
    return values, form
