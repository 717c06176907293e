"""The PC's clock, N times as fast, with N from the runner's setting SPEED. Runs on MicroPython.

The ticks have the period of the ESP32's, 12 days, and begin a minute before they wrap.
"""

import _host
import utime

_N = int(_host.setting("SPEED"))
_MASK, _HALF = (1 << 30) - 1, 1 << 29
_BEFORE_WRAP_MS = 60_000
_began = utime.time()
_ahead_ms = -utime.ticks_us() * _N // 1000 - _BEFORE_WRAP_MS


def ticks_us():
    return utime.ticks_us() * _N & _MASK


def ticks_ms():
    return utime.ticks_us() * _N // 1000 + _ahead_ms & _MASK


def ticks_add(ticks, delta):
    return ticks + delta & _MASK


def ticks_diff(end, start):
    return (end - start + _HALF & _MASK) - _HALF


def sleep_us(count):
    utime.sleep_us(count // _N)


def sleep_ms(count):
    utime.sleep_us(count * 1000 // _N)


def sleep(seconds):
    utime.sleep(seconds / _N)


def _pc_time():
    return _began + (utime.time() - _began) * _N
