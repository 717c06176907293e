"""The system heap of an ESP32, and how MicroPython's heap grows out of it. Runs on MicroPython.

The interpreter of this PC has one heap of a fixed size. What MicroPython would take on the chip is worked out from what
is in use here, each time that something below is called. Settings of the runner: LARGEST is the largest free block at
the start, in bytes; HEAP_COST is what the board's own modules take of the interpreter's heap.
"""

import gc

import _host

WIFI_BYTES = 13_000
CONNECTED_BYTES = 6_000
_TLS_BYTES = 29_000
_HANDSHAKE_BYTES = 8_000  # more than that, until the connection is there

_FREE_AT_START = 113_000  # in one piece
_HEAP_AT_START = 56_000
_SPARE_BYTES = 2_064  # of the largest block, for what goes with the UART's buffers and with a new area
_LEAST_AREA = 2_048
_WIDER_100 = 145  # percent of memory that the 64-bit interpreter needs, compared with the chip
_SMALL = (7_288, 0, 0, 0), (15_072, 15_036, 15_036, 15_036)  # regions that nothing is taken from

_scattered = _FREE_AT_START - int(_host.setting("LARGEST", str(_FREE_AT_START)))
_own = int(_host.setting("HEAP_COST", "0"))
_taken = {}  # what has taken memory -> bytes
_heap = _HEAP_AT_START
_least = _FREE_AT_START


def free():
    """-> bytes that are free in the region that buffers, Wi-Fi and TLS are taken from."""
    return _FREE_AT_START - sum(_taken.values())


def largest():
    """-> its largest free block, bytes."""
    return max(0, free() - _scattered)


def take(what, count):
    """`what` holds `count` bytes from now on, instead of what it held -> False where they are not there."""
    global _least
    if count > _taken.get(what, 0) + largest():
        return False
    _taken[what] = count
    _least = min(_least, free())
    return True


def take_tls(sock, handshake=True):
    """Memory for the TLS connection of a socket, and for its handshake -> False where it is not there."""
    grow()
    return take(sock, _TLS_BYTES + (_HANDSHAKE_BYTES if handshake else 0))


def give_tls(sock):
    """The TLS connection of a socket is over, or there was none."""
    _taken.pop(sock, None)


def _need():
    return (gc.mem_alloc() - _own) * 100 // _WIDER_100


def grow():
    """Let MicroPython's heap grow as on the chip: by its own size, or by the largest free block that there is."""
    global _heap
    if _need() <= _heap:
        return
    gc.collect()
    while _need() > _heap:
        area = min(_heap, largest() - _SPARE_BYTES)
        if area < _LEAST_AREA:
            return
        _heap += area
        take("heap", _heap - _HEAP_AT_START)


def regions():
    """-> [(size, free, largest free block, least that was ever free), …] in bytes, one for each region."""
    grow()
    main = (_FREE_AT_START + _HEAP_AT_START, free(), largest(), _least)
    return [_SMALL[0], main, _SMALL[1]]


class Gc:
    """The module gc of the chip, where mem_free() counts what the heap could still take, too."""

    def __init__(self):
        for name in ("collect", "mem_alloc", "threshold", "enable", "disable", "isenabled"):
            setattr(self, name, getattr(gc, name))

    def mem_free(self):
        """-> bytes that are free in the heap, and those of the largest block that it could take."""
        largest_block = max([one[2] for one in regions()])
        return max(0, _heap - _need()) + largest_block
