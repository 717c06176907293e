"""A live view of a running rack, from its topics alone; not on a terminal: one line a reading. Ctrl-C ends it."""

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
    options.add_broker(parser)
    parser.add_argument("--seconds", type=float, metavar="N", help="end after so many seconds")
    given = parser.parse_args(arguments)
    environment.ensure()
    return options.guarded("monitor", lambda: _run(given, Heard(given.root, given.rack)), unread=0)


def _run(given, heard):
    events = queue.SimpleQueue()
    show.signals_to(events)
    with Listener(events, given, heard.prefix):
        until = None if given.seconds is None else time.monotonic() + given.seconds
        with show.Output(heard, lambda: time.strftime("%H:%M:%S")) as output:
            output.note("monitor", f"listening to {heard.prefix}# at {given.broker[0]}:{given.broker[1]}")
            show.watch(events, output.handle, output.refresh, until)
    if until is not None and not heard.readings:
        text, _, advice = words.status(heard, time.monotonic())
        raise ToolError(f"no reading in {given.seconds:g} s. {text}: {advice or 'is polling paused?'}")
    return 0


class Listener:
    """A client of a broker that puts what it hears below `prefix` into the queue `events`, as tools/show.py has them.

    given: the options of options.add_broker(). Entered, the broker has let us in, or ToolError says why not and what to
    check. Later it comes back by itself.
    """

    def __init__(self, events, given, prefix):
        import paho.mqtt.client as paho

        self._events, self._given, self._prefix = events, given, prefix
        self._place = ":".join(map(str, given.broker))
        # While nobody has let us in
        self._gone = f"what listens at {self._place} does not answer as a broker does"
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if given.user:
            self._client.username_pw_set(given.user, given.password)
        self._client.reconnect_delay_set(*RETRY_S)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = lambda *_: events.put((LOST, self._gone))
        self._client.on_message = lambda client, userdata, message: events.put(
            (MESSAGE, message.topic, message.payload, time.monotonic(), message.retain))

    def __enter__(self):
        try:
            self._client.connect(*self._given.broker)
        except (OSError, ValueError) as error:
            why = f"{getattr(error, 'strerror', None) or error}. Does the broker run, are address and port right?"
            raise ToolError(f"no broker at {self._place}: {why}") from None
        self._client.loop_start()
        try:
            event = self._events.get(timeout=ANSWER_TIMEOUT_S)
        except queue.Empty:
            event = LOST, self._gone
        if event[0] == LOST:
            self.__exit__()
            raise ToolError(event[1])
        self._events.put(event)
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
            user = "--user (demo.py: --set mqtt_user=NAME)"
            advice = f"check {user} and the password" if self._given.user else f"does it want {user} and a password?"
            self._events.put((LOST, f"the broker refuses: {reason}; {advice}"))
        else:
            client.subscribe(f"{self._prefix}#")

    def _on_subscribe(self, *_):
        """Only now is everything heard that is published."""
        self._gone = f"the broker at {self._place} is gone"
        self._events.put((CONNECTED,))


if __name__ == "__main__":
    sys.exit(main())
