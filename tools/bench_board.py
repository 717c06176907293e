"""What the bench times: bytes to values, and on to JSON. Runs on CPython and MicroPython, with firmware/ on the path.

`micropython bench_board.py LINE COUNT` prints a name and the microseconds of one call a line; LINE is a reply to 42H.
"""

import sys
import time

from firmware.battery import frame
from firmware.battery.messages import analog_values
from firmware.mqtt import payloads
from firmware.mqtt.columns import compact
from firmware.reading import Reading


def parsed(line):
    """decode and parse of a reply to 42H -> (pack, [Analog])."""
    return analog_values(frame.decode(line).info)


def as_json(line, table):
    """The same, and on to the bytes of its reading, without alarms. `table` of pack_table()."""
    pack, (analog,) = parsed(line)
    reading = Reading(pack, *analog, soh=None, alarms=None)
    return b"".join(payloads.pack(reading, 0, 0, table))


def pack_table():
    """What payloads need to know of a reading."""
    return compact("readings")


def microseconds(work, count, *arguments):
    """-> what one call of work(*arguments) takes, the mean of `count`."""
    now = getattr(time, "ticks_us", None) or (lambda: time.perf_counter_ns() / 1000)
    began = now()
    for _ in range(count):
        work(*arguments)
    return (now() - began) / count


if __name__ == "__main__":
    line, count = sys.argv[1].encode(), int(sys.argv[2])
    print("parsed", microseconds(parsed, count, line))
    print("as_json", microseconds(as_json, count, line, pack_table()))
