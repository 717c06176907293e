"""How a session.Session comes to stand. Loaded for the moment."""

_FIRST_MS = 1_000  # the pause behind a first trouble, as in trouble.py
_REFUSED = 0x80  # in SUBACK


def connect(session):
    """Connects, says `Online`, subscribes; what stands in the way becomes the session's trouble."""
    again = session.failed or session.backoff_ms <= _FIRST_MS  # else it came and went before, and may go again
    session.failed += 1  # until it stands
    try:
        session.client = client = session.client_class(*session.arguments)
        client.set_last_will(session.lwt, b"Offline", True)
        client.set_callback(session.receive)
        client.connect()
        client.publish(session.lwt, b"Online", True)
        for topic in session.subscriptions:
            subscribe(session, topic)
    except session.errors as error:
        session.fail(error)
        return
    session.failed = 0
    session.connected = True
    session.since = session.clock.ticks_ms()
    if again:
        session.why = None
        session.log.info("broker connected")


def subscribe(session, topic):
    """-> True, or False: the broker refuses. Who may not hear may still speak, so that is told, and it goes on."""
    try:
        session.client.subscribe(topic)
        return True
    except session.errors[-1] as error:
        if error.args != (_REFUSED,):
            raise
        session.log.warning("the broker does not let us hear %s: is mqtt_user allowed to subscribe?", topic.decode())
        return False


def settle(session):
    """The connection has stood for a while: the next trouble is a new one."""
    session.backoff_ms = 0
    if session.why:
        session.why = None
        session.log.info("broker connected, and it lasts")
