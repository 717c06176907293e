"""What the text console is asked once an hour, and at the start: `info N` and `stat N`. No I/O. Loaded for that."""

from . import console_text as text

_INFO = b";Barcode;Comm version;Soft version;Main Soft version;Manufacturer;Device name;Board version;"
# Of `stat N`: five counters that are taken as they are, and those that together are the number of protections
_STAT = (
    b";CYCLE Times;SOH;Dsg Cap;Reset Times;Shut Times;COC Times;COC2 Times;DOC Times;DOC2 Times;SC Times"
    b";Bat OV Times;Bat UV Times;Pwr OV Times;Pwr UV Times;COT Times;CUT Times;DOT Times;DUT Times;"
)


def info(lines, pack):
    """`info N` -> (serial, protocol, version, maker, device, board), texts or None. ValueError."""
    said = [str(value, "ascii") if value else None for value in text.fields(lines, pack, _INFO)]
    serial, protocol, version, main_version, maker, device, board = said
    version = version or main_version
    return serial, protocol and protocol.lstrip("V"), version and version.lstrip("V"), maker, device, board


def stat(lines, pack):
    """`stat N` -> [cycles, soh %, discharged mAh, protections, resets, shutdowns], each -1 where it is not said.
    ValueError.
    """
    counts = []
    for word in text.fields(lines, pack, _STAT):
        word = (word or b"-").rstrip(b"%")  # b"98", b"98%", b"-"
        counts.append(text.number(word) if word != b"-" else -1)
    protections = [count for count in counts[5:] if count >= 0]
    if counts[1] > 100:
        counts[1] = -1
    # discharged is in mAh: in all recordings it is the capacity times the cycles
    return counts[:3] + [sum(protections) if protections else -1] + counts[3:5]
