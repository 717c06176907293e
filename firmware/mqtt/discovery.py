"""Home Assistant's device-based discovery (mqtt.md): the config of the rack or of a pack, made row by row of the
table.
"""

import gc

from micropython import const

from .. import __version__
from .devices import ALARMS, SOH, TEXT
from .json_writer import JsonWriter
from .payloads import temperature_key

_PATH = __file__[: __file__.rfind("/") + 1] + "entities.txt"
_COMMENT = const(35)  # "#"
_CHUNK_BYTES = const(128)  # of the table; smaller reads from flash are slow, larger ones need memory in one piece
_TEXT_BYTES = const(64)
_COLLECT_COMPONENTS = const(6)  # whose garbage would leave the free memory in small pieces
# How Home Assistant reads a value: platform, template of its path. A value that is not there makes a number unknown,
# keeps a text, and keeps the state of a binary sensor.
_FORMS = {
    b"number": (b"sensor", b'"val_tpl":"{{%s|default(None)}}"'),
    b"text": (b"sensor", b'"val_tpl":"{{%s|default(this.state)}}"'),
    b"state": (
        b"sensor",
        b'"ops":["charging","discharging","idle","full","balancing","sleeping","other"],'
        b'"val_tpl":"{{%s|default(this.state)}}"',
    ),
    b"flag": (b"binary_sensor", b"\"val_tpl\":\"{{ {true:'ON',false:'OFF'}.get(%s,'') }}\""),
    b"link": (b"binary_sensor", b"\"val_tpl\":\"{{ {'online':'ON','searching':'OFF'}.get(%s,'') }}\""),
}


def table():
    """Yields the lines of entities.txt as (first word, rest), both bytes."""
    with open(_PATH, "rb") as file:
        rest = b""
        while True:
            chunk = file.read(_CHUNK_BYTES)
            if not chunk:
                return
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[0] != _COMMENT:
                    yield line.split(b" ", 1)


class Config:
    """The config of one device, as bytes in parts: made twice rather than held, first for its length.

    `devices`: devices.Devices, `number` of the device in it, `prefix` of the topics, `payloads`: payloads.Payloads,
    whose buffer collects the parts.
    """

    def __init__(self, devices, number, prefix, payloads):
        self._payloads = payloads
        self._device = b"pack" if number else b"rack"
        self._devices = devices
        self._number = number
        self._id = identifier = devices.config_topic(number).split("/")[-2].encode()
        self._values = (
            (b"{id}", identifier),
            (b"{rack_id}", devices.topic.split("/")[-1].encode()),
            (b"{pack}", b"%d" % number),
            (b"{expire_s}", b"%d" % devices.expire_s),
            (b"{version}", __version__.encode()),
            (b"{serial}", b',"sn":"%s"' % _escaped(devices.serial(number)) if devices.serial(number) else b""),
            (b"{rack_name}", _escaped(prefix.split("/")[-2])),
            (b"{prefix}", _escaped(prefix)),
        )
        self._length = 0
        for part in self._parts():
            self._length += len(part)

    def __len__(self):
        return self._length

    def __iter__(self):
        return self._payloads.collected(self._parts())

    def _parts(self):
        comma = b"," if self._device == b"rack" else b""  # the rack's head ends with a component
        path = common = b""  # of the part that the rows belong to
        count = 0
        for word, rest in table():
            if word == b"head":
                device, text = rest.split(b" ", 1)
                if device == self._device:
                    yield self._filled(text)
            elif word == b"part":
                device, _, found, text = rest.split(b" ", 3)
                if device == self._device:
                    path, common = found, self._filled(text)
            else:
                component = self._component(rest, path, common)
                if component:
                    count += 1
                    if count % _COLLECT_COMPONENTS == 0:
                        gc.collect()
                    yield comma
                    yield component
                    comma = b","
        yield b"}}"

    def _component(self, row, path, common):
        """One entity from its row, or None: this device has not got it, and never had."""
        key, device, show, condition, form, unit, device_class, state_class, decimals, name = row.split(b" ", 9)
        if device not in (self._device, b"both"):
            return None
        platform, template = _FORMS[form]
        taken_away = False
        for one in condition.split(b","):
            if one == b"alarms" and not self._said(ALARMS):
                return None
            if one == b"soh" and not self._said(SOH):
                if self._said(TEXT):  # it may say it later
                    return None
                taken_away = True
            if (one == b"framed" and self._said(TEXT)) or (one == b"present" and not self._is_present(key)):
                taken_away = True
        if taken_away:
            return b'"%s":{"p":"%s"}' % (key, platform)
        return b'"%s":{"p":"%s"%s%s%s%s,%s,"uniq_id":"%s_%s","name":"%s"%s%s}' % (
            key,
            platform,
            b"" if unit == b"-" else b',"unit_of_meas":"%s"' % unit,
            b"" if device_class == b"-" else b',"dev_cla":"%s"' % device_class,
            b"" if state_class == b"-" else b',"stat_cla":"%s"' % state_class,
            b"" if decimals == b"-" else b',"sug_dsp_prc":%s' % decimals,
            template % path.replace(b"{key}", key),
            self._id,
            key,
            name,
            b"" if show == b"main" else b',"ent_cat":"diagnostic"%s' % (b',"en":false' if show == b"off" else b""),
            common,
        )

    def _said(self, fact):
        return self._devices.has(self._number, fact)

    def _is_present(self, key):
        cells = self._devices.cells(self._number)
        if key.startswith(b"Cell_"):
            return int(key[5:]) <= cells
        return key.decode() in [temperature_key(index, cells) for index in range(self._devices.sensors(self._number))]

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
