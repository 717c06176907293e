"""Where readings are shown, and the loop that brings them there: a live picture on a terminal, else lines of text."""

import contextlib
import os
import queue
import signal
import sys
import time
from collections import deque

from tools import words
from tools.heard import LOG, LWT, READING

REFRESH_S = 0.5  # between two pictures
NOTES_KEPT = 50
# Kinds of events: (MESSAGE, topic, payload, s, retain), (CONNECTED,), (LOST, why), (SIGNAL,)
MESSAGE, CONNECTED, LOST, SIGNAL = "message", "connected", "lost", "signal"


def signals_to(events):
    """Ctrl-C, SIGTERM and the end of the terminal become an event, so that whatever runs is ended in order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: events.put((SIGNAL,)))


def watch(events, handle, tick, until=None):
    """Hand all events to `handle` until it returns True, or until the time `until` (s); tick() between them."""
    while until is None or time.monotonic() < until:
        tick()
        end = time.monotonic() + REFRESH_S
        with contextlib.suppress(queue.Empty):
            while (left := end - time.monotonic()) > 0:
                if handle(*events.get(timeout=left)):
                    return


class Output:
    """Shows `heard` (Heard). Where stdout is a terminal: a picture that lives, the last one stays behind at the end.
    Else one line a reading.

    stamp() gives what stands before each line. log: the lines of tele/LOG too. panes: {source of notes: title of its
    pane in the picture}.
    """

    def __init__(self, heard, stamp, log=True, panes=None):
        self.heard, self._stamp, self._log, self._live = heard, stamp, log, None
        self._panes = {source: (title, deque(maxlen=NOTES_KEPT)) for source, title in (panes or {"log": "Log"}).items()}
        if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
            from rich.live import Live

            self._live = Live(screen=True, auto_refresh=False, vertical_overflow="ellipsis")

    def handle(self, kind, *what):
        """Take in one event -> True when it is the end."""
        if kind == MESSAGE:
            self._said(*self.heard.take(*what))
        elif kind == CONNECTED and self.heard.trouble:
            self.note("monitor", "connected again")
            self.heard.trouble = None
        elif kind == LOST and not self.heard.trouble:
            self.note("monitor", f"{what[0]}; trying again")
            self.heard.trouble = what[0]
        return kind == SIGNAL

    def _said(self, kind, what):
        if kind == READING and not self._live:
            print(f"{self._stamp()}  {words.reading_line(what, self.heard.packs[what])}", flush=True)
        elif kind == LWT:
            self.note("device", what)
        elif kind == LOG and self._log:
            self.note("log", what)

    def note(self, source, text):
        """A line that is no reading, of one of those that take part."""
        if not self._live:
            print(f"{self._stamp()}  {source:<8} | {text}", flush=True)
        elif source in self._panes:
            self._panes[source][1].append(text)

    def refresh(self):
        """Draw anew, where it is a picture."""
        if self._live:
            self._live.update(self._picture(), refresh=True)

    def _picture(self):
        from tools import view  # with rich, which lines do without

        return view.screen(self.heard, time.monotonic(), self._live.console.width, self._panes.values())

    def __enter__(self):
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_):
        if self._live:
            self._live.stop()
            self._live.console.print(self._picture())
