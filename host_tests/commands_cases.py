"""commands.parse(): what may be asked for, good and bad. Runs on CPython and on MicroPython."""

import gc

from firmware.commands import parse

_ROOM_BYTES = 9000

GOOD = (
    (b'{"publishRate": 1000}', {"publishRate": 1000}),
    (b'{"publishRate":300000}', {"publishRate": 300000}),
    (b' {"publishRate":5000}\n', {"publishRate": 5000}),
    (b'{"status": 1}', {"status": 1}),
    (b'{"status": null}', {"status": None}),
    (b'{"status": {"any": ["thing"]}}', {"status": {"any": ["thing"]}}),
    (b'{"polling": false}', {"polling": False}),
    (b'{"polling": true}', {"polling": True}),
    (b'{"STOP"}', {"polling": False}),
    (b'{"STOP"}\r\n', {"polling": False}),
    (b'{"restart": true}', {"restart": True}),
    (b'{"publishRate": 2000, "status": "", "polling": true}', {"publishRate": 2000, "status": "", "polling": True}),
    (b'{"status":"' + b"x" * 243 + b'"}', {"status": "x" * 243}),  # 256 bytes
    ('{"status":"Küche"}'.encode(), {"status": "Küche"}),
)
BAD = (
    (b'{"publishRate": 999}', "publishRate must be"),
    (b'{"publishRate": 300001}', "publishRate must be"),
    (b'{"publishRate": 0}', "publishRate must be"),
    (b'{"publishRate": -5000}', "publishRate must be"),
    (b'{"publishRate": 5000.0}', "publishRate must be"),
    (b'{"publishRate": 1500.5}', "publishRate must be"),
    (b'{"publishRate": 5e3}', "publishRate must be"),
    (b'{"publishRate": true}', "publishRate must be"),
    (b'{"publishRate": "5000"}', "publishRate must be"),
    (b'{"publishRate": null}', "publishRate must be"),
    (b'{"publishRate": [5000]}', "publishRate must be"),
    (b'{"publishRate": 1' + b"0" * 200 + b"}", "publishRate must be"),
    (b'{"polling": 0}', "polling must be"),
    (b'{"polling": 1}', "polling must be"),
    (b'{"polling": "false"}', "polling must be"),
    (b'{"polling": null}', "polling must be"),
    (b'{"restart": false}', "restart must be"),
    (b'{"restart": 1}', "restart must be"),
    (b'{"restart": "true"}', "restart must be"),
    (b'{"Restart": true}', "no such command: 'Restart'"),
    (b'{"stop": true}', "no such command"),
    (b'{"": 1}', "no such command"),
    (b'{"publishRate": 5000, "pollRate": 1}', "no such command: 'pollRate'"),
    (b'{"publishRate": 5000, "restart": 1}', "restart must be"),
    (b"", "not JSON"),
    (b" ", "not JSON"),
    (b"{", "not JSON"),
    (b'{"STOP"', "not JSON"),
    (b'{"publishRate": 5000', "not JSON"),
    (b'{"publishRate": 5000}}', "not JSON"),
    (b"{'publishRate': 5000}", "not JSON"),
    (b'\xef\xbb\xbf{"status": 1}', "not JSON"),
    (b"STOP", "not JSON"),
    (b"[" * 256, "not JSON"),
    (b"{}", "not an object with a command"),
    (b"[]", "not an object with a command"),
    (b"5000", "not an object with a command"),
    (b'"status"', "not an object with a command"),
    (b"true", "not an object with a command"),
    (b"null", "not an object with a command"),
    (b'["status"]', "not an object with a command"),
    (b'{"status":"' + b"x" * 244 + b'"}', "more than 256 bytes"),
    (b'{"STOP"}' + b" " * 249, "more than 256 bytes"),
    (b'{"status":"\xff"}', "not UTF-8"),
    (b'{"status":"\xc3"}', "not UTF-8"),
    (b"\x00\x80", "not UTF-8"),
    # MicroPython's json takes these
    (b'{"restart":true,}', "not JSON"),
    (b'{,"restart":true}', "not JSON"),
    (b'{"restart" true}', "not JSON"),
    (b'{"restart"::true}', "not JSON"),
    (b'{"restart":true]', "not JSON"),
    (b'{"polling":false "status":1}', "not JSON"),
)


def check_good():
    for payload, asked in GOOD:
        found = parse(payload)
        assert found == asked, payload
        assert [type(found[key]) for key in asked] == [type(asked[key]) for key in asked], payload
        assert "retained" in parse(payload, True), payload


def check_bad():
    for payload, why in BAD:
        found = parse(payload)
        assert isinstance(found, str) and why in found, payload


def check_nesting_that_takes_all_memory():
    held = []
    while hasattr(gc, "mem_free") and gc.mem_free() > _ROOM_BYTES:
        held.append(bytearray(1000))
    found = parse(b"[" * 250), parse(b'{"status":' + b"[" * 122 + b"]" * 122 + b"}")
    del held[:]
    assert found[0] == "not JSON" and (found[1] == "not JSON" or "status" in found[1])
