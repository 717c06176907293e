"""A live view of a running rack in the terminal, from its topics alone.

Not on a terminal: one line a reading. Ctrl-C ends it.
"""

from __future__ import annotations

import queue
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options, show, words
from tools.heard import Heard

ANSWER_TIMEOUT_S = 10  # from the TCP connection to the broker's first word
RETRY_S = (1, 10)
# Kinds of events
MESSAGE, CONNECTED, REFUSED, LOST = "message", "connected", "refused", "lost"


class Unreachable(ToolError):
    """There is no way to the broker; the text says why, and what to check."""


def main(arguments=None):
    """Show the rack until Ctrl-C or for --seconds -> exit status: 0, or 1 where the broker or all readings failed."""
    parser = options.parser("monitor.py", __doc__)
    options.add_broker(parser, required=True)
    parser.add_argument("--seconds", type=float, metavar="N", help="end after so many seconds")
    given = parser.parse_args(arguments)
    environment.ensure()
    events = queue.SimpleQueue()
    show.signals_to(events)
    return options.guarded("monitor", lambda: _run(given, Heard(given.root, given.rack), events), unread=0)


def _run(given, heard, events):
    host, port = given.broker
    with Listener(events, host, port, given.user, options.password(given), heard.subscriptions()) as listener:
        listener.wait()
        until = None if given.seconds is None else time.monotonic() + given.seconds
        terminal = show.on_terminal()
        output = show.Terminal(heard) if terminal else show.Lines(heard, lambda: time.strftime("%H:%M:%S"))
        with output:
            if not terminal:
                output.note("monitor", f"listening to {heard.prefix}# at {host}:{port}")
            show.watch(events, Handler(heard, output).handle, output.refresh, until)
    if until is not None and not heard.readings:
        text, _, advice = words.status(heard, time.monotonic())
        raise ToolError(f"no reading in {given.seconds:g} s. {text}: {advice or 'is polling paused?'}")
    return 0


class Handler:
    """Takes events into Heard, and tells the output, None: nobody."""

    def __init__(self, heard, output=None):
        self._heard, self._output = heard, output

    def handle(self, kind, *what):
        """One event -> True when it is the end."""
        heard = self._heard
        if kind == MESSAGE:
            said = heard.take(*what)
            if self._output:
                self._output.said(*said)
        elif kind == CONNECTED:
            if heard.trouble:
                self._output.note("monitor", "connected again")
            heard.trouble = None
        elif kind in (LOST, REFUSED):
            if heard.trouble is None:
                heard.trouble = what[0]
                self._output.note("monitor", f"{what[0]}; trying again")
        else:
            return True
        return False


class Listener:
    """A client of the broker at `host`:`port` that puts what it hears of `topics` into `events`.

    (MESSAGE, topic, payload, time in s, retain), (CONNECTED,), (REFUSED, why), (LOST, why). It comes back by itself.
    """

    def __init__(self, events, host, port, user, password, topics):
        import paho.mqtt.client as paho

        self._events, self._where, self._topics = events, (host, port), topics
        self._named = bool(user)
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(*RETRY_S)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._answer = queue.SimpleQueue()

    def __enter__(self):
        host, port = self._where
        try:
            self._client.connect(host, port)
        except (OSError, ValueError) as error:
            raise Unreachable(f"no broker at {host}:{port}: {_reason(error)}") from None
        self._client.loop_start()
        return self

    def wait(self):
        """Wait until the broker let us in. Unreachable."""
        try:
            refused = self._answer.get(timeout=ANSWER_TIMEOUT_S)
        except queue.Empty:
            refused = self._no_broker()
        if refused:
            raise Unreachable(refused)

    def publish(self, topic, payload):
        """Send text, once, not retained."""
        self._client.publish(topic, payload)

    def __exit__(self, *_):
        self._client.on_disconnect = None
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client, userdata, flags, reason, properties):
        if reason.is_failure:
            advice = "check --user and the password" if self._named else "does it want --user and a password?"
            why = f"the broker refuses: {reason}; {advice}"
            self._answer.put(why)
            self._events.put((REFUSED, why))
            return
        client.subscribe([(topic, 0) for topic in self._topics])

    def _on_subscribe(self, client, userdata, mid, reasons, properties):
        """Only now is everything heard that is published."""
        self._answer.put(None)
        self._events.put((CONNECTED,))

    def _no_broker(self):
        return f"what listens at {self._where[0]}:{self._where[1]} does not answer as a broker does"

    def _on_disconnect(self, client, userdata, flags, reason, properties):
        self._answer.put(self._no_broker())  # read only if it is the first answer
        self._events.put((LOST, f"the broker at {':'.join(map(str, self._where))} is gone"))

    def _on_message(self, client, userdata, message):
        self._events.put((MESSAGE, message.topic, message.payload, time.monotonic(), message.retain))


def _reason(error):
    """Why a connection failed, and what to check."""
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there. Does the broker run, is the port right?"
    if isinstance(error, TimeoutError):
        return "no answer. Is the address right, is a firewall between?"
    return getattr(error, "strerror", None) or str(error)


if __name__ == "__main__":
    sys.exit(main())
