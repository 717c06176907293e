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
SIGNAL = "signal"  # the event of Ctrl-C and SIGTERM
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def on_terminal():
    """Whether stdout is a terminal that can show a picture."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def signals_to(events):
    """Ctrl-C, SIGTERM and the end of the terminal become an event, so that whatever runs is ended in order."""
    for number in SIGNALS:
        signal.signal(number, lambda *_: events.put((SIGNAL,)))


def watch(events, handle, tick, until=None):
    """Hand all events to `handle` until it returns True -> True, or until the time `until` (s, monotonic) -> False.

    tick() is called between them, every REFRESH_S.
    """
    while until is None or time.monotonic() < until:
        tick()
        end = time.monotonic() + REFRESH_S
        with contextlib.suppress(queue.Empty):
            while (left := end - time.monotonic()) > 0:
                if handle(*events.get(timeout=left)):
                    return True
    return False


class Lines:
    """One line a reading, for pipes and files; `stamp()` gives what stands before each. log: the lines of tele/LOG too.

    Health gets a line when something changed in it, but for what counts on by itself.
    """

    def __init__(self, heard, stamp, log=True):
        self._heard, self._stamp, self._log = heard, stamp, log
        self._health = None

    def said(self, kind, what):
        """Something came of the rack: `kind` and `what` as Heard.take() gives them."""
        if kind == READING:
            self._print(words.reading_line(what, self._heard.packs[what]))
        elif kind == LWT:
            self.note("device", what)
        elif kind == HEALTH:
            self._say_health(self._heard.health)
        elif kind == LOG and self._log:
            self.note("log", what)

    def _say_health(self, health):
        counted = words.counted(health)
        told = (health.get("Link"), health.get("Baud"), [text for text, is_bad in counted if is_bad])
        if told != self._health:
            self._health = told
            self.note("health", ", ".join([words.link(self._heard), *(text for text, _ in counted)]))

    def note(self, source, text):
        """A line that is no reading, of one of those that take part."""
        self._print(f"{source:<8} | {text}")

    def _print(self, text):
        print(f"{self._stamp()}  {text}", flush=True)

    def refresh(self):
        """Nothing to do: all is printed."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Terminal:
    """A picture that lives, on the whole terminal; the last one stays behind at the end.

    panes: {source of notes: title of its pane}; without any the lines of tele/LOG are shown.
    """

    def __init__(self, heard, panes=None):
        from rich.console import Console  # here, since Lines does without
        from rich.live import Live

        from tools import view

        self._heard, self._screen = heard, view.screen
        self._titles = panes or {}
        self._notes = {source: deque(maxlen=NOTES_KEPT) for source in self._titles}
        self._console = Console()
        self._live = Live(console=self._console, screen=True, auto_refresh=False, vertical_overflow="ellipsis")

    def said(self, kind, what):
        """The next picture shows it."""

    def note(self, source, text):
        """A line for the pane of `source`."""
        if source in self._notes:
            self._notes[source].append(text)

    def refresh(self):
        """Draw anew."""
        self._live.update(self._picture(), refresh=True)

    def _picture(self):
        panes = [(title, self._notes[source]) for source, title in self._titles.items()] or None
        return self._screen(self._heard, time.monotonic(), self._console.width, panes)

    def __enter__(self):
        self._live.start()
        return self

    def __exit__(self, *_):
        self._live.stop()
        self._console.print(self._picture())
