"""A small broker on a port of 127.0.0.1 that can do what mosquitto cannot; what, is said by fake_peer."""

from __future__ import annotations

import socket
import threading
import time

from fake_peer import FAULTS, ODDITIES, Peer

HOST = "127.0.0.1"
READ_BYTES = 65536
STEP_S = 0.05
FULL_S = 0.2  # a queue that takes no one for so long is full


class FakeBroker:
    """Serves on a free port while entered. `fault`: name of a row of FAULTS or ODDITIES for what happens from now on,
    None: a good broker. `heard`: (time [s, monotonic], number of the connection from 1, Packet), in order.
    """

    host = HOST

    def __init__(self):
        self.fault = None
        self.heard = []
        self.ended = []  # numbers of the connections that are over
        self.wrong = []  # what was said to it that is not MQTT
        self._changed = threading.Condition()
        self._connections = []
        self._listener = None
        self._crowd = []
        self.port = 0

    @property
    def connections(self):
        """How many there have been."""
        return len(self._connections)

    def __enter__(self):
        self.listen()
        return self

    def __exit__(self, *_):
        self.refuse()
        self.hang_up()
        for one in self._crowd:
            one.close()

    def listen(self):
        """From now on it takes connections."""
        while self._crowd:
            self._crowd.pop().close()
        self._listener = socket.create_server((HOST, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self):
        """From now on nothing listens; connections stay."""
        if self._listener:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def play_dead(self):
        """From now on a connection is neither taken nor refused, until listen()."""
        self.refuse()
        crowd = socket.create_server((HOST, self.port), backlog=0)
        self._crowd = [crowd]
        while True:
            one = socket.socket()
            self._crowd.append(one)
            one.settimeout(FULL_S)
            try:
                one.connect((HOST, self.port))
            except TimeoutError:
                return

    def hang_up(self):
        """Ends all connections."""
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it is over already
                continue

    def wait_for(self, predicate, timeout_s=30):
        """Wait until predicate(heard, ended) gives something -> that. TimeoutError."""
        with self._changed:
            found = self._changed.wait_for(lambda: predicate(self.heard, self.ended), timeout_s)
        if not found:
            raise TimeoutError(f"not within {timeout_s} s; the last packets: {self.heard[-10:]}")
        return found

    def wait_packet(self, kind, topic=b"", payload=None, after=0, timeout_s=30):
        """Wait for a packet of a connection behind number `after` -> (time, connection, Packet)."""

        def fits(entry):
            _, number, packet = entry
            return (number > after and packet.kind == kind and (packet.topic or b"").endswith(topic)
                    and payload in (None, packet.payload))  # fmt: skip

        return self.wait_for(lambda heard, _: next(filter(fits, heard), None), timeout_s)

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(
                target=self._serve, args=(connection, len(self._connections), self.fault), daemon=True
            ).start()

    def _serve(self, connection, number, fault):
        peer = Peer({**FAULTS, **ODDITIES}[fault] if fault else None)
        with connection:
            try:
                connection.sendall(peer.accept())
                while not peer.closed:
                    self._turn(connection, number, peer)
            except (OSError, EOFError):
                pass
            except ValueError as error:
                self.wrong.append(error)
        with self._changed:
            self.ended.append(number)
            self._changed.notify_all()

    def _turn(self, connection, number, peer):
        connection.settimeout(STEP_S if peer.flooding else None)
        out = peer.flood()
        try:
            data = connection.recv(READ_BYTES)
            if not data:
                raise EOFError
            out += peer.receive(data)
        except TimeoutError:
            pass
        with self._changed:
            self.heard += [(time.monotonic(), number, packet) for packet in peer.packets]
            self._changed.notify_all()
        peer.packets.clear()
        connection.settimeout(None)
        connection.sendall(out)
