"""The one layout of RTC memory, which outlives every reset but a power loss."""

from binascii import crc32
from struct import calcsize, pack_into, unpack_from

from micropython import const

METERS = 17  # the rack's and those of packs 1 to 16
_ERROR_MAX = const(96)  # bytes
_MAGIC = b"P2M1"
_HEAD, _CHECK = b">4sIBB96s", b">I"  # magic, boots, boots in quick succession, dialect, last error (text, NUL padded)
_METER = b">QQ"  # mWh charged, mWh discharged
_METERS_AT, _METER_SIZE = calcsize(_HEAD), calcsize(_METER)
_CHECK_AT = _METERS_AT + METERS * _METER_SIZE
_DIALECTS = ("", "framed", "console", "rs485", "pace")  # as they are kept: a number


class Retained:
    """Fields read once and written whole. `memory` as machine.RTC().memory: without arguments it gives bytes."""

    def __init__(self, memory):
        self._memory = memory
        self._data = data = bytearray(memory())
        is_whole = len(data) == _CHECK_AT + 4 and data[:4] == _MAGIC
        if not is_whole or unpack_from(_CHECK, data, _CHECK_AT)[0] != self._crc():
            self._data = data = bytearray(_CHECK_AT + 4)
        _, self.boots, self.quick_boots, dialect, text = unpack_from(_HEAD, data, 0)
        self.dialect = _DIALECTS[dialect] if dialect < len(_DIALECTS) else ""  # the one that answered last
        self.last_error = text.rstrip(b"\0").decode()

    def _crc(self):
        return crc32(memoryview(self._data)[:_CHECK_AT]) & 0xFFFFFFFF

    def meter(self, index):
        """(charged, discharged) in mWh."""
        return unpack_from(_METER, self._data, _METERS_AT + index * _METER_SIZE)

    def set_meter(self, index, charged, discharged):
        """What was charged and discharged, in mWh; save() keeps them."""
        pack_into(_METER, self._data, _METERS_AT + index * _METER_SIZE, charged, discharged)

    def remember_dialect(self, dialect):
        """Keeps which dialect the battery answered in."""
        if self.dialect != dialect:
            self.dialect = dialect
            self.save()

    def forgive(self):
        """This start is none of a crash loop: it lasted, or ends as somebody wanted."""
        if self.quick_boots:
            self.quick_boots = 0
            self.save()

    def save(self):
        """Writes all fields; call it before what they say is published."""
        error = self.last_error.encode()[:_ERROR_MAX]
        while error and not _is_text(error):  # cut in the middle of a character
            error = error[:-1]
        pack_into(_HEAD, self._data, 0, _MAGIC, self.boots, self.quick_boots, _DIALECTS.index(self.dialect), error)
        pack_into(_CHECK, self._data, _CHECK_AT, self._crc())
        self._memory(self._data)


def _is_text(data):
    try:
        data.decode()
    except ValueError:
        return False
    return True
