"""What the text console is seldom asked (§7.3): who is there, who a pack is, what it counted. Loaded for the moment.

Each function takes the dialect (console.Console) and a pack number or None; may raise NoReply or ReturnCode.
"""

from . import NoReply, ReturnCode
from .console import INFO, STAT
from .console_text import fields, number

_IDENTITY = ("Barcode", "Comm version", "Soft version", "Main Soft version", "Manufacturer", "Device name")
_COUNTERS = ("CYCLE Times", "SOH")


def identity(dialect, pack):
    """Who this pack is -> (serial number, protocol version, software version, maker, device), texts or None,
    and (…, dialect, baud). All None for a pack that never said it, and
    refuses to, or has been silent about it before.
    """
    said, bit = {}, 1 << pack
    try:
        said = dialect.take("info", pack, INFO, _info)
        dialect.nameless &= ~bit
        dialect.named |= bit
    except (NoReply, ReturnCode) as error:
        if dialect.named & bit or not (dialect.nameless & bit or isinstance(error, ReturnCode)):
            dialect.nameless |= bit
            raise
    version = said.get("Soft version") or said.get("Main Soft version")
    protocol = said.get("Comm version")
    return (
        said.get("Barcode") or None,
        protocol and protocol.lstrip("V"),
        version and version.lstrip("V"),
        said.get("Manufacturer") or None,
        said.get("Device name") or None,
        dialect.name,
        dialect.link.baud,
    )


def counters(dialect, pack):
    """`stat N` -> (cycles, SOH in %), each None when this battery does not say it."""
    try:
        return dialect.take("stat", pack, STAT, _stat)
    except ReturnCode:
        return None, None


def _info(lines, pack):
    return fields(lines, pack, _IDENTITY)


def _stat(lines, pack):
    found, form = fields(lines, pack, _COUNTERS)
    cycles, soh = [_said(found.get(name, "")) for name in _COUNTERS]
    return (cycles, soh if soh is None or soh <= 100 else None), form


def _said(text):
    """ "98", "98%" -> 98; None for what is not said: nothing, or a dash. ValueError."""
    return None if text in ("", "-") else number(text.rstrip("%"))
