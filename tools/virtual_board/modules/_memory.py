"""The system heap of an ESP32, and how MicroPython's heap grows out of it. Runs on MicroPython.

It stands for the modules esp32 and gc. The interpreter of this PC has one heap of a fixed size. What MicroPython would
take on the chip is worked out from what is in use here, each time that something below is called. Settings of the
runner: LARGEST is the largest free block at the start, in bytes; HEAP_COST is what the board's own modules take.
"""

from gc import collect, enable, disable, isenabled, mem_alloc, threshold  # noqa: F401

import _host

HEAP_DATA = 4
_FREE_AT_START = 113_000  # in one piece
_HEAP_AT_START = 56_000
_SPARE_BYTES = 2_064  # of the largest block, for what goes with the UART's buffers and with a new area
_LEAST_AREA = 2_048
_WIDER_100 = 145  # percent of memory that the 64-bit interpreter needs, compared with the chip
_SMALL = (7_288, 0, 0, 0), (15_072, 15_036, 15_036, 15_036)  # regions that nothing is taken from

_scattered = _FREE_AT_START - int(_host.setting("LARGEST", str(_FREE_AT_START)))
_own = int(_host.setting("HEAP_COST"))
_taken = {}  # what has taken memory -> bytes
_heap = _HEAP_AT_START
_least = _FREE_AT_START


def _free():
    """-> bytes that are free in the region that buffers, Wi-Fi and TLS are taken from."""
    return _FREE_AT_START - sum(_taken.values())


def _largest():
    return max(0, _free() - _scattered)


def take(what, count):
    """`what` holds `count` bytes from now on, instead of what it held -> False where they are not there."""
    global _least
    _grow()
    if count > _taken.get(what, 0) + _largest():
        return False
    _taken[what] = count
    _least = min(_least, _free())
    return True


def give(what):
    """`what` holds nothing from now on."""
    _taken.pop(what, None)


def _need():
    return (mem_alloc() - _own) * 100 // _WIDER_100


def _grow():
    """Let MicroPython's heap grow as on the chip: by its own size, or by the largest free block that there is."""
    global _heap, _least
    if _need() <= _heap:
        return
    collect()
    while _need() > _heap:
        area = min(_heap, _largest() - _SPARE_BYTES)
        if area < _LEAST_AREA:
            return
        _heap += area
        _taken["heap"] = _heap - _HEAP_AT_START
        _least = min(_least, _free())


def idf_heap_info(capabilities):
    """Of esp32 -> [(size, free, largest free block, least that was ever free), …] in bytes, one for each region."""
    _grow()
    main = (_FREE_AT_START + _HEAP_AT_START, _free(), _largest(), _least)
    return [_SMALL[0], main, _SMALL[1]]


def mem_free():
    """Of gc -> bytes that are free in the heap, and those of the largest block that it could take."""
    largest = max([one[2] for one in idf_heap_info(HEAP_DATA)])
    return max(0, _heap - _need()) + largest
