"""What the text console prints (§7), as values: lines in, integers out. Words are found by the names of a header and by
the names before a colon, never by fixed columns. Loaded for the moment.

Each answer has a form: its names, and how long its lines are, blanks included. While values change it stays, but a lost
or doubled character makes another.
"""

from binascii import crc32

_LONGEST_NUMBER = 9


def number(text):
    """A whole number as it is printed; ValueError for anything else."""
    if len(text) > _LONGEST_NUMBER or not text[text[:1] == "-" :].isdigit():
        raise ValueError("%s is no number" % text)
    return int(text)


def percent(text):
    """ "45%" -> 45; ValueError for anything else."""
    if text[-1:] != "%":
        raise ValueError("%s is no percentage" % text)
    return number(text[:-1])


def fields(lines, pack, wanted):
    """Lines `Name : value` -> ({name of `wanted`: value as text}, form). ValueError for another pack. What a name that
    comes twice says is not known: some print one twice, in place of another.
    """
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
            found[name] = "" if name in found else value
            form = crc32(b"%d" % len(line), form)
    return found, form


def columns(header):
    """A header -> the names of its columns; `Base State` is one."""
    names = []
    for word in header.split():
        if word == "State" and names:
            names[-1] += " State"
        else:
            names.append(word)
    return names
