"""What happens when the firmware ends: what crashed is kept for the next report. Loaded then."""

import io
import sys

from . import board
from .modules import forget
from .retained import Retained

_ROOT = "firmware/"


def crashed(error):
    """Keeps what was raised where, and says it. Never the text of the exception: it may hold a password."""
    retained = Retained(board.rtc_memory)
    retained.last_error = where(error)
    retained.save()
    print("error: %s; starting anew" % retained.last_error)


def where(error):
    """"OSError 12 in mqtt/session.py, publish": the type, our innermost function, or its line. Prints the trace."""
    trace = io.StringIO()
    sys.print_exception(error, trace)
    place = ""
    for line in trace.getvalue().split("\n"):
        if not line.startswith('  File "'):
            continue
        print(line)
        name, _, rest = line[8:].partition('", line ')
        number, _, function = rest.partition(", in ")
        if _ROOT in name or name == "main.py":
            name = name[name.find(_ROOT) + len(_ROOT) :] if _ROOT in name else name
            place = " in %s, %s" % (name.replace(".mpy", ".py"), function if number == "1" else "line " + number)
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
