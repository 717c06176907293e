"""A client of MQTT 3.1.1 with the face of umqtt.simple, and the habits of its releases after 1.3.4.

Those make a difference to whoever stands below them: connect() takes a timeout and hands it, None by default, to the
socket; a second connect() closes the first socket; check_msg() returns the type of a PUBLISH, too. In what is sent and
in which pieces it is read they agree. Runs on MicroPython and CPython.
"""

import socket

_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 0x10, 0x20, 0x30, 0x40
_SUBSCRIBE, _SUBACK, _PINGREQ, _PINGRESP, _DISCONNECT = 0x82, 0x90, 0xC0, 0xD0, 0xE0


class MQTTException(Exception):
    pass


def _number(value):
    return bytes((value >> 8, value & 0xFF))


def _text(data):
    return _number(len(data)) + data


class MQTTClient:
    def __init__(self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None, ssl_params=None):
        self.sock = None
        self._server = server
        self._port = port
        self._account = (user, password)
        self._who = client_id
        self._keepalive = keepalive
        self._will = None
        self._callback = None
        self._packet_id = 0

    def set_callback(self, f):
        self._callback = f

    def set_last_will(self, topic, msg, retain=False, qos=0):
        self._will = (topic, msg, retain, qos)

    def _send(self, head, body, payload=b""):
        packet = bytearray((head,))
        left = len(body) + len(payload)
        while left > 127:
            packet.append(left & 127 | 128)
            left >>= 7
        packet.append(left)
        self.sock.write(packet, len(packet))
        if body:
            self.sock.write(body)
        if len(payload):
            self.sock.write(payload)

    def connect(self, clean_session=True, timeout=None):
        if self.sock:
            self.sock.close()
        self.sock = socket.socket()
        self.sock.settimeout(timeout)
        self.sock.connect(socket.getaddrinfo(self._server, self._port)[0][-1])
        user, password = self._account
        flags = 2 if clean_session else 0
        rest = _text(self._who)
        if self._will:
            topic, payload, retain, qos = self._will
            flags |= 4 | qos << 3 | retain << 5
            rest += _text(topic) + _text(payload)
        if user:
            flags |= 0xC0
            rest += _text(user) + _text(password)
        self._send(_CONNECT, b"\0\x04MQTT\x04" + bytes((flags,)) + _number(self._keepalive) + rest)
        answer = self.sock.read(4)
        assert answer[0] == _CONNACK and answer[1] == 2
        if answer[3]:
            raise MQTTException(answer[3])
        return answer[2] & 1

    def disconnect(self):
        self._send(_DISCONNECT, b"")
        self.sock.close()

    def ping(self):
        self._send(_PINGREQ, b"")

    def publish(self, topic, msg, retain=False, qos=0):
        assert qos == 0
        self._send(_PUBLISH | retain, _text(topic), msg)

    def subscribe(self, topic, qos=0):
        self._packet_id += 1
        self._send(_SUBSCRIBE, _number(self._packet_id) + _text(topic) + bytes((qos,)))
        while self.wait_msg() != _SUBACK:
            pass
        answer = self.sock.read(4)
        assert answer[1] << 8 | answer[2] == self._packet_id
        if answer[3] == 0x80:
            raise MQTTException(answer[3])

    def _length(self):
        length = shift = 0
        while True:
            byte = self.sock.read(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return length

    def wait_msg(self):
        head = self.sock.read(1)
        self.sock.setblocking(True)
        if head is None:
            return None
        if head == b"":
            raise OSError(-1)
        kind = head[0]
        if kind == _PINGRESP:
            assert self.sock.read(1) == b"\0"
            return None
        if kind & 0xF0 != _PUBLISH:
            return kind
        left = self._length()
        two = self.sock.read(2)
        size = two[0] << 8 | two[1]
        topic = self.sock.read(size)
        left -= 2 + size
        packet_id = None
        if kind & 6:
            packet_id = self.sock.read(2)
            left -= 2
        self._callback(topic, self.sock.read(left))
        if kind & 6 == 2:
            self._send(_PUBACK, packet_id)
        assert kind & 6 != 4
        return kind

    def check_msg(self):
        self.sock.setblocking(False)
        return self.wait_msg()
