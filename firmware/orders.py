"""What came in over MQTT, and what is done about it. Loaded for the moment."""

from .overlay import drop

_EXPIRE_MIN_MS = 120_000
_EXPIRE_CYCLES = 4


def heard(loop, topic, payload, retained):
    """A message on one of our subscriptions: a command, Home Assistant's birth, or a config that is to go."""
    publisher = loop.publisher
    if topic.startswith(("%scmnd" % publisher.prefix).encode()):  # itself too: that is in cmnd/#
        _command(loop, payload, retained)
    elif topic.endswith(b"/config"):
        if payload and retained:
            _take_away(loop, topic)
    elif payload == b"online" and not retained:
        publisher.wanted = _known(publisher)
        publisher.ready = True


def _known(publisher):
    """The rack, and the packs of which something is known, as bits."""
    wanted = 1
    for number, known in enumerate(publisher.known):
        wanted |= (known > 0) << number
    return wanted


def fresh(loop):
    """Home Assistant knows the devices now, and takes what they say."""
    loop.publisher.tell("leftovers", None, None)  # not sooner: without a config that knows, an empty one is an error
    loop.publisher.state()
    _cycle(loop)


def _cycle(loop):
    """A cycle begins as soon as it can."""
    loop.poller.due = loop.clock.ticks_ms()


def restart(loop):
    """An orderly end, and a new beginning."""
    loop.retained.quick_boots = 0  # this was no crash
    loop.retained.save()
    loop.session.close()
    loop.reset()


def tidy(loop):
    """With `discovery` off: asks for the configs of the rack and of 16 packs; what comes is taken away."""
    session = loop.session
    if not session.connected:  # it has just been lost
        return
    session.transport.start()
    found = []

    def take(topic, payload):
        if topic.endswith(b"/config"):
            found.append(topic)
        else:
            session.receive(topic, payload)

    from .mqtt.contact import subscribe

    drop("firmware.mqtt.contact")
    try:
        session.client.set_callback(take)  # a session keeps few messages that wait
        for number in range(17):
            after = "_Pack%d" % number if number else ""
            if not subscribe(session, (loop.publisher.place + after + "/config").encode()):
                break
        session.client.set_callback(session.receive)
    except session.errors as error:
        session.fail(error)
    for topic in found:
        _take_away(loop, topic)


def _take_away(loop, topic):
    loop.log.info("discovery is off, %s is taken away", topic.decode())
    loop.session.publish(topic, b"", True)


def _command(loop, payload, retained):
    from .mqtt.commands import intention

    drop("firmware.mqtt.commands")
    asked = intention(payload, retained)
    del intention
    if isinstance(asked, str):
        loop.log.warning("command refused: %s", asked)
        return
    loop.log.info("command: %s", payload.decode())
    poller, publisher = loop.poller, loop.publisher
    if "publishRate" in asked:
        poller.publish_rate_ms = asked["publishRate"]
        _cycle(loop)
        expire_s = (max(_EXPIRE_MIN_MS, _EXPIRE_CYCLES * poller.publish_rate_ms) + 999) // 1000
        if publisher.expire_s != expire_s:
            publisher.expire_s = expire_s
            publisher.wanted = _known(publisher) if publisher.announces else 0
    if asked.get("polling") is poller.paused:  # else it is so already
        poller.paused = not poller.paused
        poller.stop_cycle()
        _cycle(loop)
    if "status" in asked:
        publisher.state("status")
        publisher.state()
    if "restart" in asked:
        restart(loop)
