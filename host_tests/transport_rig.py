"""A transport.Transport over a fake socket, as the tests of it need it."""

from fake_socket import Net, umqtt
from fakes import PERIOD, Clock

from firmware.mqtt.transport import Transport

WAIT_MS = 5_000
SLACK_MS = 5  # one look at the line more
ADDRESS = ("192.0.2.1", 1883)
HUGE = bytes(range(256)) * 4096


class Rig:
    """The ticks of its clock wrap while the test waits. `line` is the last socket."""

    def __init__(self, tls=None):
        self.clock = Clock(PERIOD - 1_000)
        self.net = Net(self.clock)
        self.transport = Transport(self.net, self.clock, tls)

    @property
    def line(self):
        return self.net.sockets[-1]

    def connected(self):
        """Makes a connection with nobody behind it -> self."""
        self.transport.socket()
        self.transport.connect(ADDRESS)
        self.line.peer = None
        return self

    def client(self, which):
        """-> an MQTTClient of fake_socket.UMQTT; client.told: (topic, payload, retain) of what it heard."""
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
