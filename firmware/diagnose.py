"""For the REPL: `from firmware import diagnose; diagnose.uart()` says in words what hangs on the battery's cable."""

import time

from . import config
from .battery import NoReply, ReturnCode, frame
from .battery.console_line import BAUD, Line
from .battery.console_wake import Waker
from .battery.link import Link

_RATES = (1200, 2400, 4800, 9600, 19200, 115200)
_ADDRESSES = (1, 2, 0)
_ECHO = b"pylon2mqtt loopback\r"
_LISTEN_MS = 2_000  # a battery never speaks by itself
_CONSOLE_MS = 1_000
_POLL_MS = 5
_MOST = 512  # bytes that are kept


def uart(line=None, clock=time, say=print):
    """Tries everything and says what it found -> in a word: "loopback", "framed", "console", "garbage" or "nothing".

    `line` is a machine.UART or the like; None: the one of the settings. The battery is only asked for its protocol's
    version, and sent an empty line at 115200 baud; where nothing answers it gets the wake-up of the text console.
    ConfigError.
    """
    if line is None:
        from . import board

        known = config.check(config.parse(config.PATH), whole=False)
        say("UART %d, TX pin %d, RX pin %d" % (known["uart_id"], known["uart_tx"], known["uart_rx"]))
        try:
            line = board.uart(known)
        except ValueError as error:
            raise config.ConfigError(str(error)) from None
    if _talk(line, clock, 4800, _ECHO, 500) == _ECHO:
        say("TX and RX are bridged: this side of the line works. Take the bridge out and try again.")
        return "loopback"
    heard = _talk(line, clock, 1200, b"", _LISTEN_MS)
    if heard:
        say("%d bytes came without a question: noise, or another device asks this battery, too" % len(heard))
    if _talk(line, clock, BAUD, b"\n", _CONSOLE_MS).rstrip().endswith(b">"):  # before a frame is taken for a command
        return _is_console(say, "")
    noise = []
    link = Link(line, clock, 4800)
    for baud in _RATES:
        what, count = _tried(link, line, clock, baud)
        if what:
            say(what)
            return "framed"
        if count:
            noise.append(baud)
        say("%6d baud: %s" % (baud, "%d bytes that are no answer" % count if count else "nothing"))
    say("no text console; it may be asleep: waking it, a quarter of a minute at most")
    waker = Waker(Line(line, clock), [])
    found = None
    while found is None:
        found = waker.step()
    if found:
        return _is_console(say, ", which slept")
    if noise:
        say("only garbage, at %s baud: is GND connected, is it RS-232 through a MAX3232, is the cable sound?" % noise)
        return "garbage"
    say("nothing at all: is the cable in the port named Console of the master pack, is the battery on, are TX and RX "
        "swapped, has the MAX3232 its 3.3 V? Bridge TX and RX at its RS-232 side and try again: that tests our side.")
    return "nothing"


def _is_console(say, slept):
    say("a text console at 115200 baud%s: newer firmware; dialect auto or console reads it" % slept)
    return "console"


def _tried(link, line, clock, baud):
    """One rate -> (what answers there, in words, or None; how many bytes came that are no answer)."""
    for address in _ADDRESSES:
        link.set_rate(baud)
        link.address = address
        bad = link.frame_errors
        try:
            version = link.request(frame.PROTOCOL_VERSION, attempts=1)
            words = "framed protocol at %d baud, ADR %02XH, VER %02XH: all is well" % (baud, address, version)
            return words, 0
        except ReturnCode as error:
            if error.code != frame.ADR_ERROR:
                return "framed protocol at %d baud, ADR %02XH; it answers %s" % (baud, address, error), 0
        except NoReply:
            if link.frame_errors != bad:
                return None, link.frame_errors - bad
            break
    # a request that no frame answered: is there anything else on the line?
    return None, len(_talk(line, clock, baud, frame.encode(frame.PROTOCOL_VERSION), 500))


def _talk(line, clock, baud, question, wait_ms):
    """Sends `question` at that rate -> what comes until `wait_ms` are over."""
    line.init(baudrate=baud)
    if question:
        line.write(question)
    start, said, chunk = clock.ticks_ms(), b"", bytearray(64)
    while clock.ticks_diff(clock.ticks_ms(), start) < wait_ms and len(said) < _MOST:
        count = line.readinto(chunk)
        if count:
            said += chunk[:count]
        else:
            clock.sleep_ms(_POLL_MS)
    return said
