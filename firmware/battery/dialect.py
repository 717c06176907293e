"""Which dialect a poller.Poller speaks, and how it comes to speak the other one. Loaded for the moment."""

import gc

from ..overlay import drop

_FRAMED, _CONSOLE = "framed", "console"
_KEPT = ("", _FRAMED, _CONSOLE)  # the dialect that worked, as retained.Retained has it: a number
_MODULES = {_FRAMED: "pylontech blocks link frame", _CONSOLE: "console console_line"}  # which are not for both
_COUNTS = ("polls", "timeouts", "frame_errors", "return_codes")


def build(settings, uart, retained, clock, log):
    """The poller.Poller; with the setting `dialect` auto it begins with the one that worked last."""
    from .poller import Poller

    name, baud = settings["dialect"], settings["baud"]
    auto = name == "auto"
    if auto:
        name = _CONSOLE if retained.dialect == _KEPT.index(_CONSOLE) else _FRAMED
    dialect = _made(name, uart, clock, baud)
    poller = Poller(dialect.link, dialect, clock, log, settings["publish_rate"] * 1000, baud)
    if auto:
        poller.retained = retained
    return poller


def _made(name, uart, clock, baud):
    """A dialect over the battery's UART; only its own modules are loaded."""
    if name == _CONSOLE:
        from .console import Console
        from .console_line import Line

        return Console(Line(uart, clock))
    from .link import Link
    from .pylontech import Pylontech

    return Pylontech(Link(uart, clock, baud))


def save(poller):
    """This dialect comes first after a reset; which comes now when the other one had worked before."""
    retained, name = poller.retained, poller.dialect.name
    code = _KEPT.index(name)
    if retained.dialect != code:
        retained.dialect = code
        retained.save()
        if poller.packs:
            poller.judged.clear()
            poller.log.warning("battery speaks another dialect now (%s), starting anew", name)
            poller.sink.tell("anew", None, None)


def turn(poller):
    """The other dialect is tried now; counts go on."""
    name, uart = poller.dialect.name, poller.link.uart
    counts = [getattr(poller.link, count) for count in _COUNTS]
    poller.dialect = poller.link = None
    for module in _MODULES[name].split():
        drop("firmware.battery." + module)
    gc.collect()  # before the other one needs the room
    poller.dialect = dialect = _made(_CONSOLE if name == _FRAMED else _FRAMED, uart, poller.clock, poller.baud)
    poller.link = dialect.link
    for count, value in zip(_COUNTS, counts):
        setattr(dialect.link, count, value)
    poller.sought.clear()
