"""Commands over MQTT, `cmnd/#` (mqtt.md, "Accepted"), none of which reaches the battery."""

import json

_BYTES_MAX = 256
_RATE_MIN_MS, _RATE_MAX_MS = 1_000, 300_000
_PAUSE = b'{"STOP"}'  # of pylon2mqtt; no JSON, but MicroPython takes it for {}
_MARKS = b":", b",", b"{", b"}", b"[", b"]"  # MicroPython's json does not care where they stand


class Commands:
    """Takes what comes in on our subscriptions. `prefix` of our topics; `restart` restarts the board."""

    def __init__(self, prefix, poller, publisher, restart, log):
        self._command_topic = ("%scmnd" % prefix).encode()
        self._poller, self._publisher, self._restart, self._log = poller, publisher, restart, log

    def message(self, topic, payload, retained):
        """A message: a command, Home Assistant's birth, or a config that is to go. `topic`, `payload`: bytes."""
        if topic.startswith(self._command_topic):  # itself too: that is in cmnd/#
            self._command(payload, retained)
        elif topic.endswith(b"/config"):
            if payload and retained:
                self._publisher.take_away(topic)
        elif payload == b"online" and not retained:
            self._publisher.announce_all()

    def _command(self, payload, retained):
        asked = parse(payload, retained)
        if isinstance(asked, str):
            self._log.warning("command refused: %s", asked)
            return
        self._log.info("command: %s", payload.decode())
        if "publishRate" in asked:
            self._poller.set_publish_rate(asked["publishRate"])
            self._publisher.set_publish_rate(asked["publishRate"])
        if "polling" in asked:
            self._poller.pause(not asked["polling"])
        if "status" in asked:
            self._publisher.status()
        self._publisher.state()  # Home Assistant shows what was set
        if "restart" in asked:
            self._restart()


def parse(payload, retained=False):
    """The payload of a command (bytes) -> the keys of mqtt.md that are asked for, or a text: why all is refused."""
    if retained:
        return "it is retained, and so may be old: publish commands without retain"
    if len(payload) > _BYTES_MAX:
        return "more than %d bytes" % _BYTES_MAX
    if payload.strip() == _PAUSE:
        return {"polling": False}
    try:
        text = payload.decode()
    except ValueError:
        return "not UTF-8"
    try:
        asked = json.loads(text)
        same = json.dumps(asked).encode()
    except (ValueError, TypeError, RuntimeError, MemoryError):  # keys that cannot be keys; nested too deeply
        return "not JSON"
    for mark in _MARKS:
        if payload.count(mark) != same.count(mark):
            return "not JSON"
    if not isinstance(asked, dict) or not asked:
        return 'not an object with a command, such as {"status": 1}'
    whys = [why for why in [_wrong(key, asked[key]) for key in asked] if why]
    return whys[0] if whys else asked


def _wrong(key, value):
    rate = "publishRate must be a whole number from %d to %d (ms)" % (_RATE_MIN_MS, _RATE_MAX_MS)
    is_good, text = {
        "publishRate": (type(value) is int and _RATE_MIN_MS <= value <= _RATE_MAX_MS, rate),  # True is an int, too
        "polling": (type(value) is bool, "polling must be true or false"),
        "restart": (value is True, "restart must be true"),
        "status": (True, ""),
    }.get(key, (False, "no such command: %r" % (key,)))
    return None if is_good else text
