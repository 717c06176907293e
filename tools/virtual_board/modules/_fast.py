"""The PC's clock, N times as fast, with N from the runner's setting SPEED. Runs on MicroPython."""

import _host
import utime

_N = int(_host.setting("SPEED"))
_began = utime.time()


def ticks_us():
    return utime.ticks_us() * _N


def ticks_ms():
    return utime.ticks_us() * _N // 1000


def sleep_us(count):
    utime.sleep_us(count // _N)


def sleep_ms(count):
    utime.sleep_us(count * 1000 // _N)


def sleep(seconds):
    utime.sleep(seconds / _N)


def _pc_time():
    return _began + (utime.time() - _began) * _N
