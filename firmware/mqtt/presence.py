"""Which entities of entities.txt a device has. Loaded for each config."""

from micropython import const

from .entities import table
from .payloads import temperature_key

_LATER, _SHOWN, _GONE = const(0), const(1), const(2)
_PACE_SENSORS = const(6)


def presence(devices, number):
    """-> a state of each row of entities.txt: 1 the device has it, 2 it is taken away, 0 it is not told of (yet)."""
    kinds = b"pack" if number else b"rack", b"both"
    said = devices.said(number)
    states = bytearray()
    for word, rest in table():
        if word not in (b"head", b"part"):
            key, device, _, condition, _ = rest.split(b" ", 4)
            states.append(_state(devices, number, said, key, condition) if device in kinds else _LATER)
    return states


def _state(devices, number, said, key, condition):
    text = b"text" in said
    for one in condition.split(b","):
        if one == b"framed":
            there = not text
        elif one == b"present":
            there = _is_present(devices, number, said, key)
        elif one == b"updates":
            there = devices.enabled > 1
        else:
            there = one == b"-" or one in said
            if not there and (one in (b"alarms", b"events") or (text and one in (b"soh", b"counters"))):
                return _LATER
        if not there:
            return _GONE
    return _SHOWN


def _is_present(devices, number, said, key):
    cells, sensors = devices.cells(number), devices.sensors(number)
    if key.startswith(b"Cell_"):
        return int(key[5:]) <= cells
    if b"pace" in said:  # of six the last two are MOS_T and ENV_T; of others only those of the cells
        if key.startswith(b"CellTemp"):
            return sensors == _PACE_SENSORS or int(key[8:].split(b"_")[0]) <= min(cells, 4 * sensors)
        return key == b"ENV_T" and sensors == _PACE_SENSORS
    return key.decode() in [temperature_key(index, cells) for index in range(sensors)]
