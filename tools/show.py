"""Where readings are shown, and the loop that brings them there: a live picture on a terminal, else lines of text."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import time
from collections import deque

from tools import words
from tools.heard import HEALTH, LOG, LWT, READING

REFRESH_S = 0.5  # between two pictures
NOTES_KEPT = 50
# Kinds of events: (MESSAGE, topic, payload, s, retain), (CONNECTED,), (LOST, why), (SIGNAL,)
MESSAGE, CONNECTED, LOST, SIGNAL = "message", "connected", "lost", "signal"


def signals_to(events):
    """Ctrl-C, SIGTERM and the end of the terminal become an event, so that whatever runs is ended in order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: events.put((SIGNAL,)))


def watch(events, handle, tick, until=None):
    """Hand all events to `handle` until it returns True, or until the time `until` (s, monotonic).

    tick() is called between them, every REFRESH_S.
    """
    while until is None or time.monotonic() < until:
        tick()
        end = time.monotonic() + REFRESH_S
        with contextlib.suppress(queue.Empty):
            while (left := end - time.monotonic()) > 0:
                if handle(*events.get(timeout=left)):
                    return


def output(heard, stamp, log=True, panes=None):
    """-> what shows `heard` (Heard): Terminal where stdout is one that can show a picture, else Lines."""
    is_terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return Terminal(heard, panes) if is_terminal else Lines(heard, stamp, log)


class Lines:
    """One line a reading, for pipes and files; `stamp()` gives what stands before each. log: the lines of tele/LOG too.

    Health gets a line when something changed in it, but for what counts on by itself.
    """

    def __init__(self, heard, stamp, log=True):
        self.heard, self._stamp, self._log = heard, stamp, log
        self._health = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def handle(self, kind, *what):
        """Take in one event -> True when it is the end."""
        if kind == MESSAGE:
            self.said(*self.heard.take(*what))
        elif kind == CONNECTED:
            if self.heard.trouble:
                self.note("monitor", "connected again")
            self.heard.trouble = None
        elif kind == LOST:
            if self.heard.trouble is None:
                self.note("monitor", f"{what[0]}; trying again")
            self.heard.trouble = what[0]
        return kind == SIGNAL

    def said(self, kind, what):
        """Something came of the rack: `kind` and `what` as Heard.take() gives them."""
        if kind == READING:
            print(f"{self._stamp()}  {words.reading_line(what, self.heard.packs[what])}", flush=True)
        elif kind == LWT:
            self.note("device", what)
        elif kind == LOG and self._log:
            self.note("log", what)
        elif kind == HEALTH:
            health, counted = self.heard.health, words.counted(self.heard.health)
            told = (health.get("Link"), health.get("Baud"), [text for text, is_bad in counted if is_bad])
            if told != self._health:
                self._health = told
                self.note("health", ", ".join([words.link(self.heard), *(text for text, _ in counted)]))

    def note(self, source, text):
        """A line that is no reading, of one of those that take part."""
        print(f"{self._stamp()}  {source:<8} | {text}", flush=True)

    def refresh(self):
        """Nothing to do: all is printed."""


class Terminal(Lines):
    """A picture that lives, on the whole terminal; the last one stays behind at the end.

    panes: {source of notes: title of its pane}; without any the lines of tele/LOG are shown.
    """

    def __init__(self, heard, panes=None):
        from rich.live import Live

        super().__init__(heard, None)
        self._panes = {source: (title, deque(maxlen=NOTES_KEPT)) for source, title in (panes or {}).items()}
        self._live = Live(screen=True, auto_refresh=False, vertical_overflow="ellipsis")

    def said(self, kind, what):
        """The next picture shows it."""

    def note(self, source, text):
        """A line for the pane of `source`."""
        if source in self._panes:
            self._panes[source][1].append(text)

    def refresh(self):
        """Draw anew."""
        self._live.update(self._picture(), refresh=True)

    def _picture(self):
        from tools import view  # with rich, which Lines do without

        return view.screen(self.heard, time.monotonic(), self._live.console.width, self._panes.values())

    def __enter__(self):
        self._live.start()
        return self

    def __exit__(self, *_):
        self._live.stop()
        self._live.console.print(self._picture())
