"""The board's clock: ticks and sleep of the PC, but the time of day starts with the year 2000, as the ESP32's does.

With the runner's setting CLOCK=pc it is the PC's. Whole seconds since 2000; RTC().datetime() sets it. With SPEED=N it
goes N times as fast as the PC's (_fast.py).
"""

import _host
from utime import gmtime as _gmtime
from utime import ticks_cpu  # noqa: F401

_speed = int(_host.setting("SPEED", "1"))
if _speed == 1:
    from utime import sleep, sleep_ms, sleep_us, ticks_add, ticks_diff, ticks_ms, ticks_us
    from utime import time as _pc_time
else:
    from _fast import _pc_time, sleep, sleep_ms, sleep_us, ticks_add, ticks_diff, ticks_ms, ticks_us  # noqa: F401

_EPOCH = 946_684_800  # 2000-01-01 in the PC's seconds
_ahead = [_EPOCH if _host.setting("CLOCK") == "pc" else int(_pc_time())]  # of ours, in seconds


def time():
    return int(_pc_time()) - _ahead[0]


def gmtime(seconds=None):
    return _gmtime((time() if seconds is None else seconds) + _EPOCH)[:8]


localtime = gmtime


def mktime(fields):
    """Seconds since 2000 of (year, month, day, hour, minute, second, …)."""
    year, month, day = fields[0], fields[1], fields[2]
    if month < 3:
        year, month = year - 1, month + 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 730_426
    return ((days * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]


def set_clock(fields):
    """What RTC().datetime() does with (year, month, day, weekday, hour, minute, second, subseconds)."""
    _ahead[0] = int(_pc_time()) - mktime(fields[:3] + fields[4:7])
