"""`esp32` as on the chip, as far as the firmware uses it. Runs on MicroPython."""

import _memory

HEAP_DATA = 4


def idf_heap_info(capabilities):
    """-> [(size, free, largest free block, least that was ever free), …] in bytes, one for each region."""
    return _memory.regions()
