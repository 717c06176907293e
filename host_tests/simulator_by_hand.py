"""A simulated battery that a test drives by hand: no pty, no thread; and a decoder of the test's own."""

from tools.simulator import framed
from tools.simulator.battery import Battery

COUNT = framed.encode(0x90)[:-1]


def make(clock=lambda: 1000.0, **options):
    """A Battery without a pty that answers at once; its time is that of `clock` (s)."""
    return Battery(clock, **{"paced": False, **options})


def request(cid2, info=b"", address=1):
    """-> a request without its EOI."""
    return framed.encode(cid2, info, address)[:-1]


def ask(battery, line):
    """What comes back at once to `line`, which has no EOI."""
    battery.receive(battery.clock(), line + b"\r", battery.baud)
    return battery.take(battery.clock(), battery.baud)


def decode(line):
    """-> (VER, ADR, RTN, INFO); asserts what protocol.md §2 says of a frame."""
    assert line[:1] == b"~" and line[-1:] == b"\r"
    body, check = line[1:-5], line[-5:-1]
    assert body == body.upper()
    assert (sum(body) + int(check, 16)) % 65536 == 0
    assert sum(int(chr(c), 16) for c in body[8:12]) % 16 == 0
    assert int(body[9:12], 16) == len(body) - 12
    assert body[4:6] == b"46"
    return int(body[:2], 16), int(body[2:4], 16), int(body[6:8], 16), bytes.fromhex(body[12:].decode())
