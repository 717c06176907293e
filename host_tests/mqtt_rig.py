"""A transport.Transport or a session.Session, under either umqtt.simple, over a fake socket and on a fake clock: hours
of it take a second.
"""

from fake_net import PUBLISH, Net, umqtt
from fakes import PERIOD, Clock

from firmware.mqtt.session import Session
from firmware.mqtt.transport import Transport
from firmware.telemetry import Log

ROUND_MS = 50  # of the main loop
WAIT_MS = 5_000
SLACK_MS = 5  # one look at the line more
ADDRESS = ("192.0.2.1", 1883)
HUGE = bytes(range(256)) * 4096
SECRET = b"s3cret-marker"
LWT = b"root/rack/tele/LWT"
COMMANDS = b"root/rack/cmnd/#"
CONNECTED = "info: broker connected"


class TransportRig:
    """The ticks of its clock wrap while the test waits. `line` is the last socket."""

    def __init__(self, tls=None, before_wrap_ms=1_000):
        self.clock = Clock(PERIOD - before_wrap_ms)
        self.net = Net(self.clock)
        self.transport = Transport(self.net, self.clock, tls)

    @property
    def line(self):
        return self.net.sockets[-1]

    def connected(self):
        """Makes a connection with nobody behind it -> self."""
        self.transport.socket()
        self.transport.connect(ADDRESS)
        self.line.silent = True
        return self

    def client(self, which):
        """-> an MQTTClient of umqtt(); client.told: (topic, payload, retain) of what it heard."""
        client = umqtt(which, self.transport).MQTTClient(b"id", "host", 1883, None, b"", 60)
        client.told = []
        client.set_callback(lambda topic, payload: client.told.append((topic, payload, self.transport.first & 1)))
        return client

    def arrives(self, *pieces, every_ms=0):
        """Lets pieces arrive on the line, the first at once; b"" is the end."""
        self.line.incoming += [(self.clock.passed_ms + n * every_ms, piece) for n, piece in enumerate(pieces)]

    def took_ms(self, step, *arguments):
        """-> what step(*arguments) gave or raised, and how long it took."""
        began = self.clock.passed_ms
        try:
            result = step(*arguments)
        except (OSError, ValueError, AssertionError, IndexError, TypeError) as error:
            result = error
        return result, self.clock.passed_ms - began


class Rig(TransportRig):
    """A session. `lines` is the log. `jitter` 0 … 1: what random_below gives. `longest_ms` by what tend() did:
    "connect", "tend". `messages`: what on_message heard.
    """

    def __init__(self, which="later", subscriptions=(COMMANDS,)):
        super().__init__(before_wrap_ms=20_000)
        self.lines, self.messages = [], []
        self.jitter = 0.5
        self.longest_ms = {"connect": 0, "tend": 0}
        self.connects = 0
        module = umqtt(which, self.transport)
        arguments = (b"id", "host", 1883, b"owner", SECRET, 60)
        log = Log("info", self.lines.append)
        self.session = Session(module.MQTTClient, arguments, module.MQTTException, self.transport, self.clock, log,
                               lambda n: int(self.jitter * (n - 1)), LWT, subscriptions)  # fmt: skip
        self.session.on_connect = self._connected
        self.session.on_message = lambda *message: self.messages.append(message)

    def _connected(self):
        self.connects += 1

    def drive(self, seconds, network_up=True, until=None):
        """Rounds of the main loop for so long, or until until() -> how long it took in s."""
        began = self.clock.passed_ms
        while (passed_ms := self.clock.passed_ms - began) < seconds * 1000 and not (until and until()):
            attempts, before_ms = len(self.net.attempts), self.clock.passed_ms
            self.session.tend(network_up)
            kind = "connect" if len(self.net.attempts) > attempts else "tend"
            self.longest_ms[kind] = max(self.longest_ms[kind], self.clock.passed_ms - before_ms)
            assert self.net.open_count() <= 1
            self.clock.advance(ROUND_MS)
        return passed_ms / 1000

    def warnings(self):
        """The log but for good news."""
        return [line for line in self.lines if not line.startswith("info")]

    def packets(self):
        """All that the broker has heard."""
        return [packet for line in self.net.sockets for packet in line.packets]

    def heard(self, kind=PUBLISH, last=False):
        """-> [(topic, payload, retain)] of packets that the broker heard, of all connections or of the last."""
        packets = self.line.packets if last else self.packets()
        return [(packet.topic, packet.payload, packet.retain) for packet in packets if packet.kind == kind]
