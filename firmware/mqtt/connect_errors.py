"""Why there is no connection to the broker, in the owner's words."""

_STAGES = {
    "socket": "too many connections are open",
    "clock": "no time from ntp_host, and without it the broker's certificate cannot be judged",
    "resolve": "the DNS does not know that name, or does not answer: is mqtt_host right?",
}
_LOGIN = "the broker does not let us in: are mqtt_user and mqtt_pass right?"
_CONNACK = {1: "the broker does not speak MQTT 3.1.1", 2: "the broker refuses the client id",
            3: "the broker says that it is not available", 4: _LOGIN, 5: _LOGIN}  # fmt: skip
_ERRNO = (  # lwIP's numbers and the PC's
    ((103, 104, 128, 32, 9, 107), "the broker closed the connection"),
    ((111,), "nothing listens there: is the broker running, is mqtt_port right?"),
    ((101, 113, 114, 118), "no way to that address: is mqtt_host right, is the network up?"),
    ((110, 116, 11, 115, 119), "no answer in time"),
)
_ENOMEM = 12
_NO_MEMORY = "not enough memory for TLS"
_ALERT = "TLS: the broker ends it (fatal alert): does it allow TLS 1.2, and clients without a certificate?"
NOT_HEARD = "the broker does not let us hear %s: is mqtt_user allowed to subscribe?"
_TRYING = " (trying on, with pauses of up to a minute)"


def explain(why, stage, arguments):
    """An exception or a text -> a line for the log. `stage` of Transport, 0: it was lost; `arguments` of MQTTClient."""
    if stage:
        return "broker %s port %d: %s" % (arguments[1], arguments[2], _words(stage, why)) + _TRYING
    return "broker lost: %s" % (why if isinstance(why, str) else _words("", why)) + _TRYING


def _words(stage, error):
    code = error.args[0] if error.args else None
    if stage in _STAGES:
        return _STAGES[stage]
    if stage == "tls":
        text = str(error.args[-1] if error.args else error).strip()
        if code == _ENOMEM or "ALLOC_FAILED" in text:
            return _NO_MEMORY
        return _ALERT if "FATAL_ALERT" in text else "TLS: " + text
    kind = type(error).__name__
    if kind == "MQTTException":
        return _CONNACK.get(code) or "the broker refuses us (return code %s)" % code
    found = "not an MQTT broker's answer (%s)" % kind
    for codes, words in _ERRNO:
        if code in codes:
            found = words
    return found + " (is it an MQTT port, with TLS or without?)" if stage == "mqtt" else found
