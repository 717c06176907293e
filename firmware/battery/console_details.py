"""What the text console is asked seldom: the table of all packs, `info N` and `stat N`. No I/O. Loaded for that."""

from micropython import const

from . import console_text as text

_MAX_PACKS = const(16)
_BLANK, _COLON, _ZERO = const(0x20), const(0x3A), const(0x30)  # characters
# What the header of `pwr` must have, and the columns whose words stand nowhere else: a temperature, and states
_NEEDED = b"Power;Volt;Base.St"
_SEEN_HERE = b"MosTempr;M.T.St;SysAlarm.St"
_FORCE = b"UTlow", b"CoulombAH"  # columns of the Force family
_OLD_ABSENT = 8, 16  # in rows of packs that are not there, whatever the header is: place of Absent, count of words
_INFO = b";Barcode;Comm version;Soft version;Main Soft version;Manufacturer;Device name;Board version;"
# Of `stat N`: five counters that are taken as they are, and those that together are the number of protections
_STAT = (
    b";CYCLE Times;SOH;Dsg Cap;Reset Times;Shut Times;COC Times;COC2 Times;DOC Times;DOC2 Times;SC Times"
    b";Bat OV Times;Bat UV Times;Pwr OV Times;Pwr UV Times;COT Times;CUT Times;DOT Times;DUT Times;"
)


def table(lines, _):
    """`pwr` -> (numbers of the packs that are there, {pack: MOSFETs' 0.1 °C}, {pack: ((column, word), …)} of the states
    that stand nowhere else and are not Normal). Lines `Name : value` can stand before its header.
    """
    header = b""
    for header in lines:
        if _COLON not in header:
            break
    for name in header.split():
        if name in _FORCE:
            raise ValueError("a battery of the Force family (%s in its table), which is not known here" % name.decode())
    names = text.columns(header, _NEEDED)
    width, base = len(names), names.index(b"Base.St")
    time = names.index(b"Time") if b"Time" in names else 0  # of two words
    there, mos, odd, count = [], {}, {}, 0
    places = [names.index(name) for name in _SEEN_HERE.split(b";") if name in names]
    for line in lines:
        count += 1
        words = line.split()
        is_absent = b"Absent" in words
        if is_absent:
            fits = (words.index(b"Absent"), len(words)) in ((base, width), _OLD_ABSENT)
            fits = fits and words.count(b"-") == len(words) - 2
        else:
            if len(words) == width + 1 and b"-" in words[time] and _COLON in words[time + 1]:
                words.pop(time)
            elif len(words) != width or (time and words[time] != b"-"):  # one is missing, of two, or two touch
                words = _cut(line, header, names)
            fits = words and words[base].strip(b"-") and text.number(words[names.index(b"Volt")])
        if not fits or words[0] != b"%d" % count or count > _MAX_PACKS:
            raise text.unfit(b"row %d" % count)
        if is_absent:
            continue
        there.append(count)
        for place in places:
            name, word = names[place], words[place]
            if name == b"MosTempr":
                if word != b"-":
                    mos[count] = text.quantity(word, b"mC2")
            elif word.strip(b"-") and word != b"Normal":
                odd[count] = odd.get(count, ()) + ((name, word),)
    if not there:
        raise text.unfit(header)
    return tuple(there), mos, odd


def _cut(line, header, names):
    """Words of a row by where its header's names begin, () if it does not fit. Two whole numbers can touch."""
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


def info(lines, pack):
    """`info N` -> (serial, protocol, version, maker, device, board), texts or None. ValueError."""
    said = [str(value, "ascii") if value else None for value in text.fields(lines, pack, _INFO)]
    serial, protocol, version, main_version, maker, device, board = said
    version = version or main_version
    return serial, protocol and protocol.lstrip("V"), version and version.lstrip("V"), maker, device, board


def stat(lines, pack):
    """`stat N` -> [cycles, soh %, discharged mAh, protections, resets, shutdowns], -1 where not said. ValueError."""
    counts = []
    for word in text.fields(lines, pack, _STAT):
        word = (word or b"-").rstrip(b"%")  # b"98", b"98%", b"-"
        counts.append(text.number(word) if word != b"-" else -1)
    protections = [count for count in counts[5:] if count >= 0]
    if counts[1] > 100:
        counts[1] = -1
    # discharged is in mAh: in all recordings it is the capacity times the cycles
    return counts[:3] + [sum(protections) if protections else -1] + counts[3:5]
