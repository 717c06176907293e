"""How a session.Session comes to stand, and why it did not, in words that tell the owner what to look at."""

from .session import BACKOFF_MIN_MS

_BACKOFF_MAX_MS = 60_000
_LASTING_MS = 10_000  # a connection that stood this long starts the backoff anew
_RESOLVE_AFTER = 3  # failed connects
_CONNACK = """
1 the broker does not speak MQTT 3.1.1
2 the broker refuses the client id
3 the broker is not available
4 the broker refuses mqtt_user or mqtt_pass
5 the broker does not let this mqtt_user in
"""
_ERRNO = (  # lwIP's numbers and the PC's
    ((103, 104, 128, 32, 9, 107), "the broker closed the connection"),
    ((111,), "nothing listens there: is the broker running, is mqtt_port right?"),
    ((101, 113, 118), "no way to that address: is mqtt_host right, is the network up?"),
    ((110, 116, 11), "no answer in time"),
)


def connect(session):
    """Connects, says `Online`, subscribes; when that fails says why, once, and lets the backoff grow."""
    try:
        session.client = client = session.client_class(*session.arguments)
        client.set_last_will(session.lwt, b"Offline", True)
        client.set_callback(session.receive)
        client.connect()
        client.publish(session.lwt, b"Online", True)
        for topic in session.subscriptions:
            client.subscribe(topic)
        session.transport.flush()
    except session.errors as error:
        _refused(session, explain(session.transport.stage, error))
        return
    session.connected = True
    session.why = None
    session.failed = 0
    session.log.info("broker connected")


def _refused(session, why):
    session.failed += 1
    if session.failed % _RESOLVE_AFTER == 0:
        session.transport.forget_address()
    session.forget()
    wait_ms = _later(session)
    if why != session.why:  # once, not at every try
        session.why = why
        session.log.warning("broker: %s. Next try in %d s, then at most every minute", why, wait_ms // 1000 + 1)


def lost(session, error):
    """Drops a connection that stood, and says why: an exception, or a text."""
    clock = session.clock
    session.drops += 1
    if clock.ticks_diff(clock.ticks_ms(), session.since) >= _LASTING_MS:
        session.backoff_ms = BACKOFF_MIN_MS
    session.forget()
    _later(session)
    session.log.warning("broker lost: %s", error if isinstance(error, str) else explain("mqtt", error))


def _later(session):
    """Sets the time of the next try, with jitter: not every device at once when a broker comes back -> ms."""
    clock = session.clock
    wait_ms = session.backoff_ms * 3 // 4 + session.random_below(session.backoff_ms // 5)
    session.retry_at = clock.ticks_add(clock.ticks_ms(), wait_ms)
    session.backoff_ms = min(2 * session.backoff_ms, _BACKOFF_MAX_MS)
    return wait_ms


def explain(stage, error):
    """`stage` of bounded.Transport, and the exception -> text."""
    code = error.args[0] if error.args else None
    if stage == "clock":
        return "no time from ntp_host, and without it the broker's certificate cannot be judged"
    if stage == "resolve":
        return "the name mqtt_host is unknown to the DNS"
    if type(error).__name__ == "MQTTException":
        at = _CONNACK.find("\n%s " % code)
        return _CONNACK[at + 3 : _CONNACK.find("\n", at + 1)] if at >= 0 else "the broker refuses, code %s" % code
    if stage == "tls":
        return "TLS: %s" % str(error.args[-1] if error.args else error).strip()
    for codes, words in _ERRNO:
        if code in codes:
            return words if stage == "connect" else words + " (is it an MQTT port, with TLS or without?)"
    return "not an MQTT broker's answer (%s)" % type(error).__name__
