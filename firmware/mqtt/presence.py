"""What of entities.txt a device has, and what stands for the {placeholders} in it. Loaded for each config."""

import sys

from micropython import const

from .. import __url__, __version__
from . import entities
from .json_writer import JsonWriter
from .payloads import temperature_key

_TEXT_BYTES = const(64)
_LATER, _SHOWN, _GONE = const(0), const(1), const(2)
_PACE_SENSORS = const(6)


def placeholders(devices, number, prefix):
    """-> (placeholder, value, placeholder, …), bytes; {id} and {slug} first. Arguments as of publisher.config()."""
    rack_name = prefix.split("/")[-2]
    name = "Pylontech %s pack %d" % (rack_name, number) if number else "Pylontech " + rack_name
    serial, board = devices.serial(number), getattr(sys.implementation, "_machine", "")
    return (
        b"{id}", devices.config_topic(number).split("/")[-2].encode(),
        b"{slug}", _slug(name),
        b"{rack_id}", devices.topic.split("/")[-1].encode(),
        b"{pack}", b"%d" % number,
        b"{expire_s}", b"%d" % devices.expire_s,
        b"{version}", __version__.encode(),
        b"{url}", b',"url":"%s"' % __url__.encode() if __url__ else b"",
        b"{micropython}", b"MicroPython %d.%d.%d" % tuple(sys.implementation.version[:3]),
        b"{board}", _escaped(board) + b", " if board else b"",
        b"{about}", devices.about(number),
        b"{serial}", b',"sn":"%s"' % _escaped(serial) if serial else b"",
        b"{rack_name}", _escaped(rack_name),
        b"{prefix}", _escaped(prefix),
    )  # fmt: skip


def _escaped(text):
    """As it stands in a JSON string, without the quotes; a brace cannot be taken for a placeholder."""
    json = JsonWriter(_TEXT_BYTES)
    json.text(text)
    return bytes(json.text_view())[1:-1].replace(b"{", b"\\u007b")


def _slug(text):
    """As Home Assistant makes ids of a name: small letters and digits, with one "_" between."""
    made = bytearray()
    for byte in text.lower().encode():  # bytes: each character as a text would stay among the names
        if 48 <= byte < 58 or 97 <= byte < 123:
            made.append(byte)
        elif made[-1:] != b"_":
            made += b"_"
    return bytes(made).strip(b"_")


def presence(devices, number):
    """-> a state of each row of entities.txt: 1 the device has it, 2 it is taken away, 0 it is not told of (yet)."""
    kinds = b"pack" if number else b"rack", b"both"
    said = devices.said(number)
    states = bytearray()
    for word, rest in entities():
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
