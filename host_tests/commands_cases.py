"""commands.parse(): what may be asked for, good and bad. Runs on CPython and on MicroPython."""

import gc

from firmware.commands import parse

_ROOM_BYTES = 9000

GOOD = (
    (b'{"publishRate": 1000}', {"publishRate": 1000}), (b' {"publishRate":300000}\n', {"publishRate": 300000}),
    (b'{"status": {"any": ["thing"]}}', {"status": {"any": ["thing"]}}), (b'{"polling": false}', {"polling": False}),
    (b'{"STOP"}', {"polling": False}), (b'{"STOP"}\r\n', {"polling": False}), (b'{"restart": true}', {"restart": True}),
    (b'{"publishRate": 2000, "status": "", "polling": true}', {"publishRate": 2000, "status": "", "polling": True}),
    (b'{"status":"' + b"x" * 243 + b'"}', {"status": "x" * 243}),  # 256 bytes
    ('{"status":"Küche"}'.encode(), {"status": "Küche"}),
)  # fmt: skip
# why, payloads
BAD = (
    ("publishRate must be", (
        b'{"publishRate": 999}', b'{"publishRate": 300001}', b'{"publishRate": -5000}', b'{"publishRate": 5000.0}',
        b'{"publishRate": true}', b'{"publishRate": "5000"}', b'{"publishRate": 1' + b"0" * 200 + b"}")),
    ("polling must be", (b'{"polling": 0}', b'{"polling": "false"}', b'{"polling": null}')),
    ("restart must be", (b'{"restart": false}', b'{"restart": 1}', b'{"publishRate": 5000, "restart": 1}')),
    ("no such command: 'Restart'", (b'{"Restart": true}', b'{"publishRate": 5000, "Restart": 1}')),
    ("no such command", (b'{"stop": true}', b'{"": 1}')),
    ("not JSON", (
        b"", b"{", b'{"STOP"', b'{"publishRate": 5000', b'{"publishRate": 5000}}', b"{'publishRate': 5000}",
        b'\xef\xbb\xbf{"status": 1}', b"STOP", b"[" * 256,
        # MicroPython's json takes these
        b'{"restart":true,}', b'{,"restart":true}', b'{"restart" true}', b'{"restart"::true}', b'{"restart":true]',
        b'{"polling":false "status":1}')),
    ("not an object with a command", (b"{}", b"[]", b"5000", b'"status"', b"null", b'["status"]')),
    ("more than 256 bytes", (b'{"status":"' + b"x" * 244 + b'"}', b'{"STOP"}' + b" " * 249)),
    ("not UTF-8", (b'{"status":"\xff"}', b'{"status":"\xc3"}')),
)  # fmt: skip


def check_good():
    for payload, asked in GOOD:
        found = parse(payload)
        assert found == asked, payload
        assert [type(found[key]) for key in asked] == [type(asked[key]) for key in asked], payload
        assert "retained" in parse(payload, True), payload


def check_bad():
    for why, payloads in BAD:
        for payload in payloads:
            found = parse(payload)
            assert isinstance(found, str) and why in found, payload


def check_nesting_that_takes_all_memory():
    held = []
    while hasattr(gc, "mem_free") and gc.mem_free() > _ROOM_BYTES:
        held.append(bytearray(1000))
    found = parse(b"[" * 250), parse(b'{"status":' + b"[" * 122 + b"]" * 122 + b"}")
    held.clear()
    assert found[0] == "not JSON" and (found[1] == "not JSON" or "status" in found[1])
