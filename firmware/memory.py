"""How much memory is free. MicroPython's heap is one thing, the system memory of the ESP32, for Wi-Fi and TLS, another."""

import gc

try:
    import esp32
except ImportError:  # another port
    esp32 = None


def regions():
    """[(total, free, largest free block, least ever free)] of the system memory, in bytes; [] on other ports."""
    return esp32.idf_heap_info(esp32.HEAP_DATA) if esp32 else []


def free():
    """-> (free bytes of MicroPython's heap; of the system memory, None on other ports: free bytes, largest free block,
    least that ever was free).
    """
    found = regions()
    if not found:
        return gc.mem_free(), None, None, None
    largest = max([region[2] for region in found])
    system = sum([region[1] for region in found])
    least = sum([region[3] for region in found])
    return max(0, gc.mem_free() - largest), system, largest, least  # mem_free() counts what the heap could still take
