"""How a session.Session comes to stand, and why it did not, in words that tell the owner what to look at.

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
128 the broker does not let us hear commands: is mqtt_user allowed to subscribe?
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


def connect(session):
    """Connects, says `Online`, subscribes; when that fails says why, and lets the backoff grow."""
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
        _refused(session, error)
        return
    session.connected = True
    session.since = session.clock.ticks_ms()
    if session.failed or session.backoff_ms <= _BACKOFF_MIN_MS:  # else it came and went before, and may go again
        session.failed = 0
        session.why = None
        session.log.info("broker connected")


def _refused(session, error):
    transport = session.transport
    session.failed += 1
    if session.failed % _RESOLVE_AFTER == 0:
        transport.stale = True
    session.forget()
    _later(session)
    where = session.arguments[1:3]
    _tell(session, "broker %s port %d: %s" % (where + (explain(transport.stage, error),)))


def lost(session, error):
    """Drops a connection that stood, and says why: an exception, or a text."""
    session.drops += 1
    session.forget()
    _later(session)
    _tell(session, "broker lost: %s" % (error if isinstance(error, str) else explain("", error)))


def settle(session):
    """The connection has stood for a while: the next trouble is a new one."""
    session.backoff_ms = 0
    if session.why:
        session.why = None
        session.log.info("broker connected, and it lasts")


def _tell(session, why):
    if why != session.why:
        session.why = why
        session.log.warning("%s (trying on, with pauses of up to a minute)", why)


def _later(session):
    """Sets the time of the next try, with jitter: not every device at once when a broker comes back."""
    clock = session.clock
    session.backoff_ms = backoff_ms = min(max(2 * session.backoff_ms, _BACKOFF_MIN_MS), _BACKOFF_MAX_MS)
    wait_ms = backoff_ms * 3 // 4 + session.random_below(backoff_ms // 5)
    session.retry_at = clock.ticks_add(clock.ticks_ms(), wait_ms)


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
