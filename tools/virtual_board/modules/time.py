"""The board's clock: ticks and sleep of the PC, but the time of day starts with the year 2000, as the ESP32's does.

With the runner's setting CLOCK=pc it is the PC's. Whole seconds since 2000. With SPEED=N it goes N times as
fast as the PC's; its ticks have the ESP32's period, 12 days, and begin a minute before they wrap.
"""

import _host
import utime
from utime import gmtime as _gmtime

_speed = int(_host.setting("SPEED"))
if _speed == 1:
    from utime import sleep, sleep_ms, ticks_add, ticks_diff, ticks_ms
    from utime import time as _pc_time
else:
    _MASK, _HALF = (1 << 30) - 1, 1 << 29
    _began = utime.time()
    _ahead_ms = -utime.ticks_us() * _speed // 1000 - 60_000

    def ticks_ms():
        return utime.ticks_us() * _speed // 1000 + _ahead_ms & _MASK

    def ticks_add(ticks, delta):
        return ticks + delta & _MASK

    def ticks_diff(end, start):
        return (end - start + _HALF & _MASK) - _HALF

    def sleep_ms(count):
        utime.sleep_us(count * 1000 // _speed)

    def sleep(seconds):
        utime.sleep(seconds / _speed)

    def _pc_time():
        return _began + (utime.time() - _began) * _speed


_EPOCH = 946_684_800  # 2000-01-01 in the PC's seconds
_ahead = [_EPOCH if _host.setting("CLOCK") == "pc" else int(_pc_time())]  # of ours, in seconds


def time():
    return int(_pc_time()) - _ahead[0]


def gmtime(seconds=None):
    return _gmtime((time() if seconds is None else seconds) + _EPOCH)[:8]


def set_clock(seconds):
    """What ntptime.settime() does with the seconds since 2000."""
    _ahead[0] = int(_pc_time()) - seconds
