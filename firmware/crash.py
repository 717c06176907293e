"""Counts starts, keeps what crashed for the next report, and stops a crash loop: safe mode."""

import io
import sys
import time

from . import board
from .modules import forget
from .retained import Retained

_QUICK_BOOTS = 5  # starts in a row of which none came to LASTING_MS, then safe mode
LASTING_MS = 600_000
_SAFE_MIN = 10
_MINUTE_MS = 60_000
_ROOT = "firmware/"


def begin():
    """Counts this start -> Retained. In a crash loop it does not return: safe mode, then a reset."""
    retained = Retained(board.rtc_memory)
    retained.boots += 1
    if board.reset_cause() == "watchdog":
        retained.last_error = "watchdog: it hung, or the battery side made no progress"
    crash_loop = retained.quick_boots >= _QUICK_BOOTS
    retained.quick_boots = 0 if crash_loop else retained.quick_boots + 1
    retained.save()
    if crash_loop:
        _safe_mode(retained.last_error)
    return retained


def _safe_mode(why):
    """No network, no battery, and time to look at it."""
    for minutes in range(_SAFE_MIN, 0, -1):
        print("safe mode after %d starts in a row that did not last (%s)." % (_QUICK_BOOTS, why or "no error kept"))
        print("Ctrl-C for the REPL; starting anew in %d minutes" % minutes)
        time.sleep_ms(_MINUTE_MS)
    board.reset()


def crashed(error):
    """Keeps what was raised where, for the next report, and says it. Never the text of the exception: it may hold
    anything, a password too.
    """
    retained = Retained(board.rtc_memory)
    retained.last_error = where(error)
    retained.save()
    print("error: %s; starting anew" % retained.last_error)


def where(error):
    """"OSError 12 in mqtt/session.py, line 45": its type, and the innermost frame of ours. The trace is printed."""
    trace = io.StringIO()
    sys.print_exception(error, trace)
    place = ""
    for line in trace.getvalue().split("\n"):
        if not line.startswith('  File "'):
            continue
        print(line)
        name, _, rest = line[8:].partition('", line ')
        if _ROOT in name or name == "main.py":
            name = name[name.find(_ROOT) + len(_ROOT) :] if _ROOT in name else name
            place = " in %s, line %s" % (name.replace(".mpy", ".py"), rest.split(",")[0])
    what = type(error).__name__
    if error.args and isinstance(error, ImportError):
        what += " (%s)" % error.args[0]  # a name in the code
    elif error.args and isinstance(error, OSError) and isinstance(error.args[0], int):
        what += " %d" % error.args[0]
    return what + place


def stopped():
    """Ctrl-C: somebody looks after it, so this was no crash. The firmware is forgotten: the REPL needs its memory."""
    retained = Retained(board.rtc_memory)
    retained.quick_boots = 0
    retained.save()
    forget([name for name in sys.modules if name.startswith(("firmware", "umqtt"))])
