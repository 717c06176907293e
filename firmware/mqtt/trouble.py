"""A connection that failed, in words that tell the owner what to look at. Loaded when there is something to say."""

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


def explain(stage, error, refused):
    """`stage` of bounded.Transport, the exception, and whether it is umqtt.simple's own, with CONNACK's code -> text."""
    code = error.args[0] if error.args else None
    if stage == "resolve":
        return "the name mqtt_host is unknown to the DNS"
    if refused:
        at = _CONNACK.find("\n%s " % code)
        return _CONNACK[at + 3 : _CONNACK.find("\n", at + 1)] if at >= 0 else "the broker refuses, code %s" % code
    if stage == "tls":
        return "TLS: %s" % (error.args[-1] if error.args else error)
    for codes, words in _ERRNO:
        if code in codes:
            return words if stage == "connect" else words + " (is it an MQTT port, with TLS or without?)"
    return "not an MQTT broker's answer (%s)" % type(error).__name__
