"""Home Assistant's device-based discovery (mqtt.md): the config of a device, made row by row of the table."""

import gc

from micropython import const

from .entities import table

_DASH = b"\xe2\x80\x93"  # "–" as UTF-8
_SHOWN = const(1)  # of presence.presence()
_COLLECT_COMPONENTS = const(6)  # whose garbage would leave the free memory in small pieces
# Of a row, where there is something
_COLUMNS = b''',"unit_of_meas":"%s" ,"dev_cla":"%s" ,"stat_cla":"%s" ,"sug_dsp_prc":%s ,"ic":"mdi:%s" ,"name":"%s"'''
# How Home Assistant reads a value, by its form: platform, template of its path. A value that is not there makes a
# number unknown, keeps a text, and keeps the state of a binary sensor. In one piece, since many cost memory.
_FORMS = b'''
number sensor ,"val_tpl":"{{%s|default(None)}}"
text sensor ,"val_tpl":"{{%s|default(this.state)}}"
state sensor ,"ops":["charging","discharging","idle","full","balancing","sleeping","other"],"val_tpl":"{{%s|default(this.state)}}"
flag binary_sensor ,"val_tpl":"{{ {true:'ON',false:'OFF'}.get(%s,'') }}"
list binary_sensor ,"val_tpl":"{%% set it=%s|default(None) %%}{{'' if it is none else 'ON' if it else 'OFF'}}"
json update ,"val_tpl":"{{%s}}"
link binary_sensor ,"val_tpl":"{{ {'online':'ON','searching':'OFF'}.get(%s,'') }}"
'''  # noqa: E501


class Config:
    """The config of one device, as bytes in parts: made twice rather than held, first for its length. `device`: b"pack"
    or b"rack"; `shown`, `values`: presence.presence() and placeholders(); the buffer of `payloads` collects the parts.
    """

    def __init__(self, device, shown, values, payloads):
        self._device, self._shown, self._values, self._payloads = device, shown, values, payloads
        self._length = 0
        gc.collect()  # what loading left would lie between what follows
        for part in self._parts():
            self._length += len(part)
        gc.collect()

    def __len__(self):
        return self._length

    def __iter__(self):
        return self._payloads.collected(self._parts())

    def _parts(self):
        comma = b"," if self._device == b"rack" else b""  # the rack's head ends with a component
        path = common = b""  # of the part that the rows belong to
        count = 0
        row = -1
        identifier, device_slug = self._values[1], self._values[3]
        names = _COLUMNS.split()
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
                row += 1
                if not (shown := self._shown[row]):
                    continue
                key, _, show, _, form, rest = rest.split(b" ", 5)
                count += 1
                if count % _COLLECT_COMPONENTS == 0:
                    gc.collect()
                start = _FORMS.find(b"\n%s " % form) + len(form) + 2
                platform, template = _FORMS[start : _FORMS.find(b"\n", start)].split(b" ", 1)
                yield b'%s"%s":{"p":"%s"' % (comma, key, platform)
                if shown == _SHOWN:
                    columns = rest.split(b" ", 5)
                    for index, value in enumerate(columns):
                        if value != b"-":
                            yield names[index] % value
                    yield template % path.replace(b"{key}", key)
                    name = columns[-1]
                    slug = name.lower().replace(b" ", b"_").replace(b"-", b"_").replace(_DASH, b"_")
                    yield b',"uniq_id":"%s_%s","def_ent_id":"%s.%s_%s"' % (identifier, key, platform, device_slug, slug)
                    if show != b"main":
                        yield b',"ent_cat":"diagnostic","en":false' if show == b"off" else b',"ent_cat":"diagnostic"'
                    yield common
                yield b"}"
                comma = b","
        yield b"}}"

    def _filled(self, text):
        for index in range(0, len(self._values), 2):
            if self._values[index] in text:
                text = text.replace(self._values[index], self._values[index + 1])
        return text
