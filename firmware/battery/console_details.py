"""What the text console is asked once an hour, and at the start: `info N` and `stat N`. No I/O. Loaded for that."""

from . import console_text as text

_INFO = b";Barcode=;Comm version=;Soft version=;Main Soft version=;Manufacturer=;Device name=;Board version="
# Of `stat N`: five counters that are taken as they are, and those that together are the number of protections
_STAT = (
    b";CYCLE Times=;SOH=;Dsg Cap=;Reset Times=;Shut Times=;COC Times=;COC2 Times=;DOC Times=;DOC2 Times=;SC Times="
    b";Bat OV Times=;Bat UV Times=;Pwr OV Times=;Pwr UV Times=;COT Times=;CUT Times=;DOT Times=;DUT Times="
)


def info(lines, pack):
    """`info N` -> ((serial, protocol, version, maker, device, board), texts or None, form). ValueError."""
    found, form = text.fields(lines, pack, _INFO)
    said = [text.shown(found.get(entry[:-1], b"")) or None for entry in _INFO[1:].split(b";")]
    serial, protocol, version, main_version, maker, device, board = said
    version = version or main_version
    return (serial, protocol and protocol.lstrip("V"), version and version.lstrip("V"), maker, device, board), form


def stat(lines, pack):
    """`stat N` -> ((cycles, soh %, discharged mAh, protections, resets, shutdowns), each None where it is not said;
    form). ValueError.
    """
    found, form = text.fields(lines, pack, _STAT)
    counts = []
    for entry in _STAT[1:].split(b";"):
        word = found.get(entry[:-1], b"")
        counts.append(text.number(word.rstrip(b"%")) if word.strip(b"-") else None)  # b"98", b"98%", b"-"
    cycles, soh, discharged, resets, shutdowns = counts[:5]
    protections = [count for count in counts[5:] if count is not None]
    soh = soh if soh is None or soh <= 100 else None
    # discharged is in mAh: in all recordings it is the capacity times the cycles
    return (cycles, soh, discharged, sum(protections) if protections else None, resets, shutdowns), form
