"""Updates over the broker (mqtt.md, "Updates"). All of it is loaded only while there is one."""


def state(installed, latest=None, percent=None):
    """The payload of stat/update, as Home Assistant's update entity takes it. `latest`: the version that is offered,
    bytes; `percent` of it that are here.
    """
    return b'{"installed_version":"%s","latest_version":"%s","in_progress":%s,"update_percentage":%s}' % (
        installed.encode(),
        latest or installed.encode(),
        b"false" if latest is None else b"true",
        b"null" if percent is None else b"%d" % percent,
    )
