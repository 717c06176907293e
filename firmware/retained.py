"""The one layout of RTC memory, which outlives every reset but a power loss: magic, fields, checksum."""

from binascii import crc32
from struct import calcsize, pack, pack_into, unpack_from

METERS = 17  # the rack, then packs 1 to 16
_MAGIC = b"P2M1"
_HEAD = ">4sIBB96s"  # magic, boots, boots in quick succession, dialect, last error (text, NUL padded)
_METER = ">QQ"  # mWh charged, mWh discharged
_CHECK = ">I"
_METERS_AT = calcsize(_HEAD)
_CHECK_AT = _METERS_AT + METERS * calcsize(_METER)
_ERROR_MAX = 96


class Retained:
    """Fields that are read once and written whole.

    `memory` is machine.RTC().memory or the like: called without arguments it gives bytes, with bytes it takes them.
    """

    def __init__(self, memory):
        self._memory = memory
        self.boots = self.quick_boots = self.dialect = 0
        self.last_error = ""
        self.meters = [(0, 0)] * METERS
        self._load(bytes(memory()))

    def _load(self, data):
        if len(data) != _CHECK_AT + 4 or data[:4] != _MAGIC:
            return
        if unpack_from(_CHECK, data, _CHECK_AT)[0] != crc32(data[:_CHECK_AT]) & 0xFFFFFFFF:
            return
        _, self.boots, self.quick_boots, self.dialect, text = unpack_from(_HEAD, data, 0)
        self.last_error = text.rstrip(b"\0").decode()
        step = calcsize(_METER)
        self.meters = [unpack_from(_METER, data, _METERS_AT + n * step) for n in range(METERS)]

    def save(self):
        """Writes all fields; call it before what they say is published."""
        data = bytearray(_CHECK_AT + 4)
        error = self.last_error.encode()[:_ERROR_MAX]
        data[:_METERS_AT] = pack(_HEAD, _MAGIC, self.boots, self.quick_boots, self.dialect, error)
        for n, (charged, discharged) in enumerate(self.meters):
            pack_into(_METER, data, _METERS_AT + n * calcsize(_METER), charged, discharged)
        pack_into(_CHECK, data, _CHECK_AT, crc32(data[:_CHECK_AT]) & 0xFFFFFFFF)
        self._memory(data)
