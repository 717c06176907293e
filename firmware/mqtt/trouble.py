"""What is in the way of a session.Session: told to the owner in words, and when it tries again. Loaded for the moment.

Each trouble is told once, not at every try: `session.why` holds what was said until it is over.
"""

_BACKOFF_MIN_MS = 1_000
_BACKOFF_MAX_MS = 60_000
_RESOLVE_AFTER = 3  # failed connects
_CONNACK = """
1 the broker does not speak MQTT 3.1.1
2 the broker refuses the client id
3 the broker says that it is not available
4 the broker does not let us in: are mqtt_user and mqtt_pass right?
5 the broker does not let us in: are mqtt_user and mqtt_pass right?
"""
_ERRNO = (  # lwIP's numbers and the PC's
    ((103, 104, 128, 32, 9, 107), "the broker closed the connection"),
    ((111,), "nothing listens there: is the broker running, is mqtt_port right?"),
    ((101, 113, 114, 118), "no way to that address: is mqtt_host right, is the network up?"),
    ((110, 116, 11, 115, 119), "no answer in time"),
)
_STAGE = (
    ("socket", "too many connections are open"),
    ("clock", "no time from ntp_host, and without it the broker's certificate cannot be judged"),
    ("resolve", "the DNS does not know that name, or does not answer: is mqtt_host right?"),
)


def tell(session, error):
    """Says why the connection could not be made or was lost, an exception or a text; sets the time of the next try."""
    if session.failed:
        if session.failed % _RESOLVE_AFTER == 0:
            session.transport.stale = True
        words = explain(session.transport.stage, error)
        why = "broker %s port %d: %s" % (session.arguments[1], session.arguments[2], words)
    else:
        session.drops += 1
        why = "broker lost: %s" % (error if isinstance(error, str) else explain("", error))
    clock = session.clock
    session.backoff_ms = backoff_ms = min(max(2 * session.backoff_ms, _BACKOFF_MIN_MS), _BACKOFF_MAX_MS)
    # with jitter: not every device at once when a broker comes back
    wait_ms = backoff_ms * 3 // 4 + session.random_below(backoff_ms // 5)
    session.retry_at = clock.ticks_add(clock.ticks_ms(), wait_ms)
    if why != session.why:
        session.why = why
        session.log.warning("%s (trying on, with pauses of up to a minute)", why)


def explain(stage, error):
    """`stage` of bounded.Transport ("" once the connection stood), and the exception -> text."""
    code = error.args[0] if error.args else None
    for name, words in _STAGE:
        if stage == name:
            return words
    if stage == "tls":
        return "TLS: %s" % str(error.args[-1] if error.args else error).strip()
    found = "not an MQTT broker's answer (%s)" % type(error).__name__
    if type(error).__name__ == "MQTTException":
        at = _CONNACK.find("\n%s " % code)
        if at >= 0:
            return _CONNACK[_CONNACK.find(" ", at) + 1 : _CONNACK.find("\n", at + 1)]
    else:
        for codes, words in _ERRNO:
            if code in codes:
                found = words
    return found + " (is it an MQTT port, with TLS or without?)" if stage == "mqtt" else found
