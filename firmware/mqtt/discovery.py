"""Home Assistant's device-based discovery (mqtt.md): the config of the rack or of a pack, made row by row of the table."""

from .. import __version__
from .json_writer import JsonWriter
from .payloads import table, temperature_key

_TEXT_BYTES = 64


class Config:
    """The config of one device, as bytes in parts: made twice rather than held, first for its length.

    `devices`: devices.Devices, `number` of the device in it, `prefix` of the topics.
    """

    def __init__(self, devices, number, prefix):
        self._device = b"pack" if number else b"rack"
        self._facts = facts = devices.facts(number)
        self._id = identifier = devices.config_topic(number).split("/")[-2].encode()
        self._values = (
            (b"{id}", identifier),
            (b"{rack_id}", devices.topic.split("/")[-1].encode()),
            (b"{pack}", b"%d" % number),
            (b"{expire_s}", b"%d" % devices.expire_s),
            (b"{version}", __version__.encode()),
            (b"{serial}", b',"sn":"%s"' % _escaped(facts.serial) if facts.serial else b""),
            (b"{rack_name}", _escaped(prefix.split("/")[-2])),
            (b"{prefix}", _escaped(prefix)),
        )
        self._kinds = {}  # name -> what it is in Home Assistant
        self._length = 0
        for part in self:
            self._length += len(part)

    def __len__(self):
        return self._length

    def __iter__(self):
        comma = b"," if self._device == b"rack" else b""  # the rack's head ends with a component
        parts = {}  # object -> path of its values, what they have in common
        for word, rest in table():
            if word == b"kind":
                kind, _, _, config = rest.split(b" ", 3)
                self._kinds[kind] = config
            elif word == b"head":
                device, text = rest.split(b" ", 1)
                if device == self._device:
                    yield self._filled(text)
            elif word == b"part":
                device, name, path, common = rest.split(b" ", 3)
                if device == self._device:
                    parts[name] = path, self._filled(common)
            elif word in parts:
                component = self._component(rest, *parts[word])
                if component:
                    yield comma
                    yield component
                    comma = b","
        yield b"}}"

    def _component(self, line, path, common):
        """One entity from its row, or None: this device has not got it, and never had."""
        key, kind, device, show, condition, name = line.split(b" ", 5)
        if show == b"no" or device not in (self._device, b"both"):
            return None
        facts, config = self._facts, self._kinds[kind]
        taken_away = False
        for one in condition.split(b","):
            if one == b"alarms" and not facts.alarms:
                return None
            if one == b"soh" and not facts.soh:
                if facts.speaks_text:  # it may say it later
                    return None
                taken_away = True
            if (one == b"framed" and facts.speaks_text) or (one == b"present" and not self._is_present(key)):
                taken_away = True
        if taken_away:
            return b'"%s":{%s}' % (key, config[: config.find(b",")])
        return b'"%s":{%s,"uniq_id":"%s_%s","name":"%s"%s%s}' % (
            key,
            config.replace(b"{value}", path.replace(b"{key}", key)),
            self._id,
            key,
            name,
            {b"main": b"", b"diagnostic": b',"ent_cat":"diagnostic"'}.get(show, b',"ent_cat":"diagnostic","en":false'),
            common,
        )

    def _is_present(self, key):
        cells = self._facts.cells
        if key.startswith(b"Cell_"):
            return int(key[5:]) <= cells
        return key.decode() in [temperature_key(index, cells) for index in range(self._facts.sensors)]

    def _filled(self, text):
        for placeholder, value in self._values:
            if placeholder in text:
                text = text.replace(placeholder, value)
        return text


def _escaped(text):
    """As it stands in a JSON string, without the quotes; a brace cannot be taken for a placeholder."""
    json = JsonWriter(_TEXT_BYTES)
    json.text(text)
    return bytes(json.text_view())[1:-1].replace(b"{", b"\\u007b")
