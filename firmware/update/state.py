"""stat/update, for Home Assistant's update entity."""

from .. import __version__

_FORM = b'{"installed_version":"%s","latest_version":"%s","in_progress":%s,"update_percentage":%s}'


def status(publisher, latest=None, percent=None):
    """Publishes it. `latest`: the version that is offered, bytes; `percent` of it that are here."""
    installed = __version__.encode()
    if latest is None:
        payload = _FORM % (installed, installed, b"false", b"null")
    else:
        payload = _FORM % (installed, latest, b"true", b"%d" % percent)
    publisher.publish("stat/update", payload, True)
