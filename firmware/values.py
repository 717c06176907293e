"""What the value of a setting may be. Each check takes a value -> what is wrong with it, in words, or None."""

import json

_SURROGATE = b"\xed\xa0\x80"  # the first half of a character that JSON can hold; no UTF-8


def text(low, high):
    """A text of `low` to `high` bytes without control characters, and without what is no UTF-8 (brokers refuse it)."""

    def wrong(value):
        if not isinstance(value, str):
            return "must be a text in quotes"
        try:
            data = value.encode()
        except ValueError:  # half a character; MicroPython encodes it
            data = _SURROGATE
        if [byte for byte in data if byte < 32] or _has_surrogate(data):
            return "has a control character in it, or one that is no UTF-8"
        if not low <= len(data) <= high:
            return "must have %d to %d bytes" % (low, high)
        return None

    return wrong


def _has_surrogate(data):
    return bool([part for part in data.split(_SURROGATE[:1])[1:] if part[0] >= _SURROGATE[1]])


def whole(low, high):
    """A whole number."""

    def wrong(value):
        if type(value) is not int or not low <= value <= high:  # True is an int, and no number
            return "must be a whole number from %d to %d" % (low, high)
        return None

    return wrong


def one_of(*choices):
    """One of these values, all of one type."""

    def wrong(value):
        if value not in choices or type(value) is not type(choices[0]):
            return "must be one of: %s" % ", ".join([json.dumps(choice) for choice in choices])
        return None

    return wrong


def topic(levels):
    """Part of a topic; `levels` True: it may have more than one level."""

    def wrong(value):
        why = text(1, 64)(value)
        if why:
            return why
        if "+" in value or "#" in value:
            return "must not hold + or #"
        if "/" in value and not levels:
            return "must not hold /"
        if "" in value.rstrip("/").split("/"):
            return "has an empty level"
        return None

    return wrong


def host(value):
    """A name or an IPv4 address, without a port."""
    why = text(1, 253)(value)
    if not why and (" " in value or "/" in value or ":" in value):
        why = "must be a name or an address only, such as 192.168.2.245 (the port is mqtt_port)"
    return why


def wifi_key(value):
    """The key of a Wi-Fi network; none of an open one."""
    why = text(0, 63)(value)
    if not why and 0 < len(value.encode()) < 8:
        why = "must have 8 to 63 bytes, or none at all (an open network)"
    return why


def update_key(value):
    """The key of updates over the broker; none: no updates."""
    return None if value == "" else text(16, 64)(value)


def led(value):
    """A pin, negative: active low; or "off"."""
    return None if value == "off" else whole(-48, 48)(value) and 'must be "off", a pin, or a negative pin: active low'


def ip(value):
    """An IPv4 address, or none."""
    return None if value == "" or number(value) else "must be an address such as 192.168.2.1"


def network_ip(value):
    """An IPv4 address with the length of its network, or none."""
    if value == "" or split_ip(value):
        return None
    return "must be an address of a device and the bits of its network, such as 192.168.2.50/24"


def number(value):
    """The number of an IPv4 address "192.168.2.1" that a device can have; None: it is none."""
    try:
        parts = [int(part) for part in value.split(".")]
    except (AttributeError, ValueError):
        return None
    if len(parts) != 4 or "%d.%d.%d.%d" % tuple(parts) != value or min(parts) < 0 or max(parts) > 255:
        return None
    return None if parts[0] in (0, 127) or parts[0] > 223 else int.from_bytes(bytes(parts), "big")


def split_ip(value):
    """ "192.168.2.50/24" -> (its network's number without the bits of the device, how many those are); None: it is no
    such address.
    """
    address, _, bits = value.partition("/") if isinstance(value, str) else ("", "", "")
    host_bits = 32 - int(bits) if bits in [str(n) for n in range(8, 31)] else 0
    found = number(address)
    if not found or not host_bits or not 0 < found & (1 << host_bits) - 1 < (1 << host_bits) - 1:
        return None
    return found >> host_bits, host_bits
