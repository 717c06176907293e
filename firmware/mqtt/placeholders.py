"""What stands for the {placeholders} of entities.txt in the config of a device. Loaded for each config."""

import sys

from micropython import const

from .. import __url__, __version__
from .json_writer import JsonWriter

_TEXT_BYTES = const(64)


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
