"""What Home Assistant 2026.11 holds against a config, and what it makes of it: a checker and a small stand-in."""

from __future__ import annotations

import json
import math
import re
from types import SimpleNamespace

import jinja2
import jinja2.sandbox

ID = re.compile(r"[A-Za-z0-9_-]+")
ROOT = {"dev", "o", "cmps", "avty_t", "pl_avail", "pl_not_avail", "avty", "avty_mode", "stat_t"}
DEVICE = {"ids", "name", "mf", "mdl", "sw", "hw", "sn", "via_device"}
COMMON = {"p", "uniq_id", "def_ent_id", "name", "ent_cat", "en", "ic"}
STATEFUL = COMMON | {"stat_t", "val_tpl", "dev_cla"}
COMPONENT = {
    "sensor": STATEFUL | {"exp_aft", "unit_of_meas", "stat_cla", "sug_dsp_prc", "ops"},
    "binary_sensor": STATEFUL | {"exp_aft"},
    "button": COMMON | {"cmd_t", "pl_prs", "dev_cla"},
    "number": STATEFUL | {"cmd_t", "cmd_tpl", "min", "max", "step", "mode", "unit_of_meas"},
    "update": STATEFUL,
    "switch": STATEFUL | {"cmd_t", "pl_on", "pl_off", "stat_on", "stat_off"},
}
NEEDED = {
    "sensor": {"val_tpl"}, "binary_sensor": {"val_tpl"}, "button": {"cmd_t", "pl_prs"}, "update": {"val_tpl"},
    "number": {"cmd_t", "cmd_tpl", "val_tpl"}, "switch": {"cmd_t", "val_tpl", "pl_on", "pl_off", "stat_on", "stat_off"},
}  # fmt: skip
SETTABLE = {"button", "number", "switch"}  # only these can be of category config
# device class -> units it may have, state classes it may have
SENSOR_CLASSES = {
    None: ({None, "%", "Ah"}, {None, "measurement", "total_increasing"}),
    "battery": ({"%"}, {"measurement"}),
    "voltage": ({"V"}, {"measurement"}),
    "current": ({"A"}, {"measurement"}),
    "power": ({"W"}, {"measurement"}),
    "temperature": ({"°C"}, {"measurement"}),
    "energy": ({"kWh"}, {"total_increasing"}),
    "energy_storage": ({"kWh"}, {"measurement"}),
    "duration": ({"s", "min"}, {"measurement"}),
    "signal_strength": ({"dBm"}, {"measurement"}),
    "data_size": ({"B"}, {"measurement"}),
    "enum": ({None}, {None}),
}
CLASSES = {"binary_sensor": {None, "problem", "connectivity"}, "number": {"duration"}, "switch": {None},
           "update": {"firmware"}}  # fmt: skip
UPDATE = {"installed_version": str, "latest_version": str, "in_progress": bool, "update_percentage": int | None}
ICON = re.compile(r"mdi:[a-z][a-z0-9-]+")
STATE_MAX = 255


class Undefined(jinja2.Undefined):
    """Home Assistant logs a warning where one of these is used; here it is an error."""

    def _told(self):
        raise jinja2.UndefinedError(f"Home Assistant would log: {self._undefined_message}")

    __str__ = __iter__ = __bool__ = lambda self: self._told()


ENVIRONMENT = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=Undefined)


def render(component, payload, state="unknown"):
    """What Home Assistant, which has `state` of the entity, makes of a message (text) on the component's state topic.
    jinja2.TemplateError.
    """
    values = {"value": payload, "value_json": json.loads(payload), "this": SimpleNamespace(state=state)}
    return ENVIRONMENT.from_string(component["val_tpl"]).render(values).strip()


def illegal(component, rendered):
    """What is wrong with a rendered state: a text, or None."""
    if component["p"] in ("binary_sensor", "switch"):
        return None if rendered in ("ON", "OFF", "") else f"{rendered!r} is neither ON nor OFF"
    if component["p"] == "update":
        said = json.loads(rendered)
        return None if all(isinstance(said[key], UPDATE.get(key, ())) for key in said) else rendered
    if rendered == "None":
        return None
    if component.get("unit_of_meas") or component.get("stat_cla"):
        try:
            return None if math.isfinite(float(rendered)) else f"{rendered} is not finite"
        except ValueError:
            return f"{rendered!r} is no number"
    if "ops" in component and rendered not in component["ops"]:
        return f"{rendered!r} is none of {component['ops']}"
    return None if 0 < len(rendered) <= STATE_MAX else f"{len(rendered)} characters"


def faults(topic, payload, prefix="homeassistant"):
    """Yields what is wrong with a device's config (bytes) on `topic`, in words."""
    match = re.fullmatch(rf"{re.escape(prefix)}/device/(.*)/config", topic)
    if not match or not ID.fullmatch(match[1]):
        yield f"illegal discovery topic {topic}"
    config = json.loads(payload, object_pairs_hook=_no_key_twice)
    yield from _unknown("root", config, ROOT)
    device, origin = config["dev"], config["o"]
    yield from _unknown("dev", device, DEVICE)
    yield from _unknown("o", origin, {"name", "sw", "url"})
    if not (device["ids"] and all(ID.fullmatch(one) for one in device["ids"]) and device["name"] and origin["name"]):
        yield "dev needs ids and a name, o a name"
    if ("avty_t" in config) == ("avty" in config) or ("avty" in config) != (config.get("avty_mode") == "all"):
        yield "availability is of one topic, or of all in a list"
    for one in availability(config):
        if not one["t"].endswith("/LWT") and "val_tpl" not in one:
            yield f"availability on {one['t']}"
    names = [one["name"] for one in config["cmps"].values() if "name" in one]
    yield from (f"two entities are named {name}" for name in sorted({name for name in names if names.count(name) > 1}))
    for key, component in config["cmps"].items():
        yield from (f"{key}: {fault}" for fault in _faults_of(component, config))


def availability(config):
    """Topics of which all must say that the device is available."""
    keys = {"t": "avty_t", "pl_avail": "pl_avail", "pl_not_avail": "pl_not_avail"}
    return config.get("avty") or [{short: config[key] for short, key in keys.items()}]


def _no_key_twice(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice in {keys}"
    return dict(pairs)


def _unknown(where, values, known):
    yield from (f"unknown key {key} in {where}" for key in values if key not in known)
    yield from (f"{where}: {key} is empty" for key, value in values.items() if value in ("", None, []))


def _faults_of(component, config):
    platform = component.get("p")
    if platform not in COMPONENT:
        yield f"platform {platform}"
        return
    if len(component) == 1:
        return  # takes it away
    yield from _unknown("it", component, COMPONENT[platform])
    yield from (f"{key} lacks" for key in (NEEDED[platform] | {"uniq_id", "name", "def_ent_id"}) - set(component))
    if not ID.fullmatch(component["uniq_id"]) or not component["uniq_id"].startswith(config["dev"]["ids"][0] + "_"):
        yield f"uniq_id {component['uniq_id']}"
    if component["name"].lower().startswith(config["dev"]["name"].lower()):
        yield "its name repeats the device's"
    if re.search(r"\b0\d", component["name"]):
        yield "zero padding"
    if component.get("ent_cat") not in ({"config", None} if platform in SETTABLE else {"diagnostic", None}):
        yield f"category {component['ent_cat']}"
    if component.get("en", False) is not False:
        yield "en is written where it is not false"
    if component["def_ent_id"] != entity_id(config, component):
        yield f"def_ent_id {component['def_ent_id']} is not what its names make"
    if not ICON.fullmatch(component.get("ic", "mdi:x-y")):
        yield f"icon {component['ic']}"
    if platform == "button":
        return
    topic = component.get("stat_t", config.get("stat_t", ""))
    if ("/stat/readings/" in topic) != ("exp_aft" in component) or component.get("exp_aft", 120) < 120 or not topic:
        yield f"expire_after {component.get('exp_aft')} on {topic}"
    if platform == "sensor":
        yield from _sensor(component)
    elif component.get("dev_cla") not in CLASSES[platform]:
        yield f"class {component['dev_cla']}"


def entity_id(config, component):
    """The id that Home Assistant makes of the names of the device and the entity, where both are of plain letters."""
    words = f"{config['dev']['name']} {component['name']}".lower()
    return f"{component['p']}.{re.sub('[^a-z0-9]+', '_', words)}".strip("_")


def _sensor(component):
    device_class, unit = component.get("dev_cla"), component.get("unit_of_meas")
    if device_class not in SENSOR_CLASSES:
        yield f"class {device_class}"
        return
    units, state_classes = SENSOR_CLASSES[device_class]
    if unit not in units or component.get("stat_cla") not in state_classes:
        yield f"class {device_class} with unit {unit} and state class {component.get('stat_cla')}"
    if unit and type(component.get("sug_dsp_prc")) is not int:
        yield "no display precision"
    if ("ops" in component) != (device_class == "enum"):
        yield "options belong to class enum, and to no other"


class HomeAssistant:
    """Takes configs as it does: a component that is left out stays, one without anything but its platform goes."""

    def __init__(self):
        self.components = {}  # (topic, key) -> component with state topic
        self.devices = {}

    def take(self, topic, payload):
        """A message on a discovery topic; empty: the device goes. AssertionError where it would complain."""
        if not payload:
            assert topic in self.devices, "an empty payload for a device that it does not know is a warning"
            del self.devices[topic]
            self.components = {at: one for at, one in self.components.items() if at[0] != topic}
            return self
        assert not list(faults(topic, payload)), list(faults(topic, payload))
        config = json.loads(payload)
        self.devices[topic] = config["dev"] | {"avty": availability(config)}
        for key, component in config["cmps"].items():
            if len(component) == 1:
                self.components.pop((topic, key), None)
            else:
                self.components[topic, key] = {"stat_t": config["stat_t"]} | component
        ids = [one["uniq_id"] for one in self.components.values()]
        assert len(ids) == len(set(ids)), "an id stands twice"
        return self

    def keys(self, topic):
        """Keys of the components of one device."""
        return [key for at, key in self.components if at == topic]

    def available(self, topic, said):
        """Is a device available, after `said`: {topic: payload (text)}?"""
        for one in self.devices[topic]["avty"]:
            if one["t"] not in said:
                return False
            payload = said[one["t"]]
            if "val_tpl" in one:
                payload = ENVIRONMENT.from_string(one["val_tpl"]).render(value=payload)
            if payload != one.get("pl_avail", "online"):
                return False
        return True

    def states(self, topic, payload, states=()):
        """A message (text) on a state topic -> {(discovery topic, key): state}. `states`: those before. AssertionError
        for one that is not legal for its class."""
        found = {}
        for at, component in self.components.items():
            if component.get("stat_t") == topic and component["p"] != "button":
                before = dict(states).get(at, "unknown")
                rendered = render(component, payload, before)
                assert illegal(component, rendered) is None, (at, illegal(component, rendered))
                found[at] = before if rendered == "" else rendered
        return found
