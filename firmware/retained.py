"""The one layout of RTC memory, which outlives every reset but a power loss; and the watt-hours in it, as integers."""

from binascii import crc32
from struct import calcsize, pack_into, unpack_from

from micropython import const

_METERS, _ERROR_MAX = const(17), const(96)  # the rack's and those of packs 1 to 16; bytes
_MAGIC = b"P2M1"
_HEAD, _CHECK = ">4sIBB96s", ">I"  # magic, boots, boots in quick succession, dialect, last error (text, NUL padded)
_METER = ">QQ"  # mWh charged, mWh discharged
_METERS_AT, _METER_SIZE = calcsize(_HEAD), calcsize(_METER)
_CHECK_AT = _METERS_AT + _METERS * _METER_SIZE
_DIALECTS = ("", "framed", "console", "rs485", "pace")  # as they are kept: a number
_GAP_MAX_MS, _GAP_CYCLES = const(300_000), const(3)
_MWH = const(72_000)  # 1 mWh in half (0.1 W x ms): the trapezoid's sum of two powers is not halved
_LAST = ">BiQII"  # of a meter: is there a last reading, its power, its ticks; remainders of charged and discharged
_LAST_SIZE = calcsize(_LAST)


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


class Meters:
    """The meters of the rack (index 0) and its packs (their numbers), in Retained; none ever falls."""

    def __init__(self, retained, clock, cycle_ms):
        self._retained, self._clock, self._cycle_ms = retained, clock, cycle_ms
        self._last = bytearray(_METERS * _LAST_SIZE)

    def set_cycle(self, ms):
        """How long a cycle takes now."""
        self._cycle_ms = ms

    def add(self, index, power):
        """Counts the power of this moment in 0.1 W, charge positive -> (charged, discharged) in mWh, already stored.
        Trapezoid; a gap of more than 5 minutes or three cycles is left out, but never what a slow cycle itself needs.
        """
        at = index * _LAST_SIZE
        known, before, then, charged_rest, discharged_rest = unpack_from(_LAST, self._last, at)
        now = self._clock.ticks_ms()
        elapsed_ms = self._clock.ticks_diff(now, then)
        charged, discharged = self._retained.meter(index)
        gap_max_ms = max(min(_GAP_MAX_MS, _GAP_CYCLES * self._cycle_ms), self._cycle_ms * 3 // 2)
        if known and 0 < elapsed_ms <= gap_max_ms:
            plus, minus = _areas(before, power, elapsed_ms)
            plus += charged_rest
            minus += discharged_rest
            charged, charged_rest = charged + plus // _MWH, plus % _MWH
            discharged, discharged_rest = discharged + minus // _MWH, minus % _MWH
        pack_into(_LAST, self._last, at, 1, power, now, charged_rest, discharged_rest)
        self._retained.set_meter(index, charged, discharged)
        self._retained.save()
        return charged, discharged


def _areas(before, after, elapsed_ms):
    """What lies above and below zero between two powers, in half (0.1 W x ms), neither negative."""
    if before * after >= 0:
        area = (before + after) * elapsed_ms
        return (area, 0) if area >= 0 else (0, -area)
    crossing_ms = elapsed_ms * abs(before) // abs(before - after)
    first, second = abs(before) * crossing_ms, abs(after) * (elapsed_ms - crossing_ms)
    return (first, second) if before > 0 else (second, first)
