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
from tools.show import CONNECTED, LOST, MESSAGE

ANSWER_TIMEOUT_S = 10  # from the TCP connection to the broker's first word
RETRY_S = (1, 10)


def main(arguments=None):
    """Show the rack until Ctrl-C or for --seconds -> exit status: 0, or 1 where the broker or all readings failed."""
    parser = options.parser("monitor.py", __doc__)
    options.add_broker(parser, required=True)
    parser.add_argument("--seconds", type=float, metavar="N", help="end after so many seconds")
    given = parser.parse_args(arguments)
    environment.ensure()
    return options.guarded("monitor", lambda: _run(given, Heard(given.root, given.rack)), unread=0)


def _run(given, heard):
    events = queue.SimpleQueue()
    show.signals_to(events)
    with Listener(events, given, heard.subscriptions()):
        until = None if given.seconds is None else time.monotonic() + given.seconds
        with show.output(heard, lambda: time.strftime("%H:%M:%S")) as output:
            output.note("monitor", f"listening to {heard.prefix}# at {given.broker[0]}:{given.broker[1]}")
            show.watch(events, output.handle, output.refresh, until)
    if until is not None and not heard.readings:
        text, _, advice = words.status(heard, time.monotonic())
        raise ToolError(f"no reading in {given.seconds:g} s. {text}: {advice or 'is polling paused?'}")
    return 0


class Listener:
    """A client of a broker that puts what it hears of `topics` into the queue `events`, as tools/show.py has them.

    given: the options of options.add_broker(). Entered, the broker has let us in, or ToolError says why not and what to
    check. Later it comes back by itself.
    """

    def __init__(self, events, given, topics):
        import paho.mqtt.client as paho

        self._events, self._given, self._topics = events, given, topics
        self._place = ":".join(map(str, given.broker))
        self._was_in = False
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if given.user:
            self._client.username_pw_set(given.user, options.password(given))
        self._client.reconnect_delay_set(*RETRY_S)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def __enter__(self):
        try:
            self._client.connect(*self._given.broker)
        except (OSError, ValueError) as error:
            raise ToolError(f"no broker at {self._place}: {_reason(error)}") from None
        self._client.loop_start()
        try:
            kind, *what = self._events.get(timeout=ANSWER_TIMEOUT_S)
        except queue.Empty:
            kind, what = LOST, [self._no_broker()]
        if kind == LOST:
            self.__exit__()
            raise ToolError(what[0])
        if kind != CONNECTED:
            self._events.put((kind, *what))
        return self

    def __exit__(self, *_):
        self._client.on_disconnect = None
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic, payload):
        """Send text, once, not retained."""
        self._client.publish(topic, payload)

    def _on_connect(self, client, userdata, flags, reason, properties):
        if reason.is_failure:
            advice = "check --user and the password" if self._given.user else "does it want --user and a password?"
            self._events.put((LOST, f"the broker refuses: {reason}; {advice}"))
        else:
            client.subscribe([(topic, 0) for topic in self._topics])

    def _on_subscribe(self, client, userdata, mid, reasons, properties):
        """Only now is everything heard that is published."""
        self._was_in = True
        self._events.put((CONNECTED,))

    def _on_disconnect(self, client, userdata, flags, reason, properties):
        why = f"the broker at {self._place} is gone" if self._was_in else self._no_broker()
        self._events.put((LOST, why))

    def _on_message(self, client, userdata, message):
        self._events.put((MESSAGE, message.topic, message.payload, time.monotonic(), message.retain))

    def _no_broker(self):
        return f"what listens at {self._place} does not answer as a broker does"


def _reason(error):
    """Why a connection failed, and what to check."""
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there. Does the broker run, is the port right?"
    if isinstance(error, TimeoutError):
        return "no answer. Is the address right, is a firewall between?"
    return getattr(error, "strerror", None) or str(error)


if __name__ == "__main__":
    sys.exit(main())
