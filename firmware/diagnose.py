"""For the REPL: `from firmware import diagnose; diagnose.uart()` says in words what hangs on the battery's cable."""

import gc
import time

from . import config, config_file
from .battery import NoReply, Refusal, frame, link_search, search
from .battery.console import Console
from .battery.console_line import Line as ConsoleLine
from .battery.link import Link

_ECHO = b"pylon2mqtt loopback\r"
_ECHO_BAUD = 4800
_ANSWER_MS = 500
_LISTEN_MS = 2_000  # a battery never speaks by itself
_POLL_MS = 5
_KEPT_BYTES = 512  # of what comes
_RELATIVES = {"rs485": "an RS485 port", "pace": "a battery of PACE"}


def uart(line=None, clock=time, say=print):
    """Tries everything and says what it found -> "loopback", "framed", "console", "rs485", "pace", "garbage" or
    "nothing". `line` is a machine.UART or the like; None: that of the settings. Only version and analog values are
    asked for, with an empty line at 115200 baud, and the wake-up of the text console where nothing answers.
    ConfigError.
    """
    group = 0
    if line is None:
        gc.collect()  # the settings are read in one piece
        from . import board

        settings = config.check(config_file.read(config.PATH), whole=False)
        say("UART %d, TX pin %d, RX pin %d" % (settings["uart_id"], settings["uart_tx"], settings["uart_rx"]))
        group = settings["group"]
        try:
            line = board.uart(settings)
        except ValueError as error:
            raise config.ConfigError(str(error)) from None
    if _talk(line, clock, _ECHO_BAUD, _ECHO, _ANSWER_MS) == _ECHO:
        say("TX and RX are bridged: this side of the line works. Take the bridge out and try again.")
        return "loopback"
    if heard := _talk(line, clock, 1200, b"", _LISTEN_MS):
        say("%d bytes came without a question: noise, or another device asks this battery, too" % len(heard))
    awake, wake_up = search.probes(search.CONSOLE)[0], search.probes(search.CONSOLE)[1:]
    if search.answers(line, clock, awake):  # before a frame is taken for a command
        return _is_console(line, clock, say, "")
    noisy = []  # rates at which bytes came that are no answer
    found = _try_relatives(line, clock, say, search.probes(search.PACE))  # first: they may take the next question, too
    if found:
        return found
    link = Link(line, clock, _ECHO_BAUD)
    for _, baud, _ in search.probes(search.FRAMED):
        words, count = _try_rate(link, baud)
        if words:
            say(words)
            return "framed"
        if count:
            noisy.append(baud)
        say("%6d baud: %s" % (baud, "%d bytes that are no answer" % count if count else "nothing"))
    if found := _try_relatives(line, clock, say, search.probes(search.RS485, group=group)):
        return found
    say("no text console; it may be asleep: waking it, a quarter of a minute at most")
    for probe in wake_up:
        if search.answers(line, clock, probe):
            return _is_console(line, clock, say, ", which slept")
    if noisy:
        say("only garbage, at %s baud: is GND connected, is it RS-232 through a MAX3232, is the cable sound?" % noisy)
        return "garbage"
    say("nothing at all: is the cable in the port named Console of the master pack, is the battery on, are TX and RX "
        "swapped, has the MAX3232 its 3.3 V? Bridge TX and RX at its RS-232 side and try again: that tests our side.")
    return "nothing"


def _try_relatives(line, clock, say, probes):
    for probe in probes:
        found = search.answers(line, clock, probe)
        if found in _RELATIVES:
            say("%s at %d baud: dialect auto or %s reads it" % (_RELATIVES[found], probe[1], found))
            return found
    return ""


def _is_console(line, clock, say, slept):
    say("a text console at 115200 baud%s: newer firmware; dialect auto or console reads it" % slept)
    try:
        line.init(baudrate=search.CONSOLE_BAUD)
        say("packs in its table: %s" % ", ".join([str(pack) for pack in Console(ConsoleLine(line, clock)).packs()]))
    except (NoReply, Refusal) as error:
        say("it cannot be read: %s" % error)
    return "console"


def _try_rate(link, baud):
    """One rate -> (what answers there, in words, or None; how many bytes came that are no answer)."""
    link.set_rate(baud)
    bad = link.frame_errors
    if link_search.reaches(link, 1):
        try:
            said = ", VER %02XH: all is well" % link.request(frame.PROTOCOL_VERSION)
        except (NoReply, Refusal) as error:
            said = "; it answers %s" % error
        return "framed protocol at %d baud, ADR %02XH%s" % (baud, link.address, said), 0
    if link.frame_errors != bad:
        return None, link.frame_errors - bad
    # a request that no frame answered: is there anything else on the line?
    return None, len(_talk(link.uart, link.clock, baud, frame.encode(frame.PROTOCOL_VERSION), _ANSWER_MS))


def _talk(line, clock, baud, question, wait_ms):
    """Sends `question` at that rate -> what comes until `wait_ms` are over."""
    line.init(baudrate=baud)
    if question:
        line.write(question)
    start, said, chunk = clock.ticks_ms(), b"", bytearray(64)
    while clock.ticks_diff(clock.ticks_ms(), start) < wait_ms and len(said) < _KEPT_BYTES:
        if count := line.readinto(chunk):
            said += chunk[:count]
        else:
            clock.sleep_ms(_POLL_MS)
    return said
