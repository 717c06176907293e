"""What Home Assistant 2026.11 holds against a config, and what it makes of it: a checker and a small stand-in."""

import json
import math
import re
from types import SimpleNamespace

import jinja2
import jinja2.sandbox

ID = re.compile(r"[A-Za-z0-9_-]+")
ROOT = ("dev", "o", "cmps", "avty_t", "pl_avail", "pl_not_avail", "avty", "avty_mode", "stat_t")
DEVICE = ("ids", "name", "mf", "mdl", "sw", "hw", "sn", "via_device")
COMMON = ("p", "uniq_id", "def_ent_id", "name")
PLATFORMS = {  # keys that a component needs besides those, keys that it may have
    "sensor": ("val_tpl", "ent_cat en ic stat_t dev_cla exp_aft unit_of_meas stat_cla sug_dsp_prc ops"),
    "binary_sensor": ("val_tpl", "ent_cat en ic stat_t dev_cla exp_aft"),
    "button": ("cmd_t pl_prs", "ent_cat en ic dev_cla"), "update": ("val_tpl", "ent_cat en ic stat_t dev_cla"),
    "number": ("cmd_t cmd_tpl val_tpl", "ent_cat en ic stat_t dev_cla min max step mode unit_of_meas"),
    "switch": ("cmd_t val_tpl pl_on pl_off stat_on stat_off", "ent_cat en ic stat_t dev_cla"),
}  # fmt: skip
SETTABLE = ("button", "number", "switch")  # only these can be of category config
SENSORS = {  # device class, unit, state class
    (None, None, None), (None, None, "measurement"), (None, None, "total_increasing"), (None, "%", "measurement"),
    (None, "Ah", "measurement"), (None, "Ah", "total_increasing"), ("battery", "%", "measurement"),
    ("voltage", "V", "measurement"), ("current", "A", "measurement"), ("power", "W", "measurement"),
    ("temperature", "°C", "measurement"), ("energy", "kWh", "total_increasing"), ("enum", None, None),
    ("energy_storage", "kWh", "measurement"), ("duration", "s", "measurement"), ("duration", "min", "measurement"),
    ("signal_strength", "dBm", "measurement"), ("data_size", "B", "measurement"),
}  # fmt: skip
CLASSES = {"binary_sensor": (None, "problem", "connectivity"), "number": ("duration",), "switch": (None,),
           "update": ("firmware",), "button": (None, "restart")}  # fmt: skip
UPDATE = {"installed_version": str, "latest_version": str, "in_progress": bool, "update_percentage": int | None}
STATE_MAX = 255


class Undefined(jinja2.Undefined):
    """Home Assistant logs a warning where one of these is used; here it is an error."""

    def _told(self):
        raise jinja2.UndefinedError(f"Home Assistant would log: {self._undefined_message}")

    __str__ = __iter__ = __bool__ = lambda self: self._told()


ENVIRONMENT = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=Undefined)


def render(component, payload, state="unknown"):
    """What Home Assistant, which has `state` of the entity, makes of a message (text) on its topic. TemplateError."""
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


def faults(topic, payload):
    """-> what is wrong with a device's config (bytes) on `topic`: [text]."""
    config = json.loads(payload, object_pairs_hook=_no_key_twice)
    device, origin, components = config["dev"], config["o"], config["cmps"]
    names = [one["name"] for one in components.values() if "name" in one]
    found = _unknown(config, ROOT) + _unknown(device, DEVICE) + _unknown(origin, ("name", "sw", "url"))
    found += [f"two entities are named {name}" for name in sorted({name for name in names if names.count(name) > 1})]
    found += [f"{key}: {fault}" for key, component in components.items() for fault in _faults_of(component, config)]
    return found + [text for is_wrong, text in (
        (not re.fullmatch(rf"homeassistant/device/{ID.pattern}/config", topic), f"topic {topic}"),
        (not device["ids"] or not all(map(ID.fullmatch, device["ids"])), f"ids {device['ids']}"),
        ("name" not in device or "name" not in origin, "dev and o need a name"),
        (("avty_t" in config) == ("avty" in config) or ("avty" in config) != (config.get("avty_mode") == "all"),
         "availability is of one topic, or of all in a list"),
        (not all(one["t"].endswith("/LWT") or "val_tpl" in one for one in availability(config)), "availability"),
    ) if is_wrong]  # fmt: skip


def availability(config):
    """Topics of which all must say that the device is available."""
    return config.get("avty") or [{"t": config["avty_t"], "pl_avail": config["pl_avail"]}]


def _no_key_twice(pairs):
    assert len(dict(pairs)) == len(pairs), f"a key stands twice in {pairs}"
    return dict(pairs)


def _unknown(values, known):
    return [f"{key} is unknown or empty" for key, one in values.items() if key not in known or one in ("", None, [])]


def _faults_of(component, config):
    platform = component.get("p")
    if platform not in PLATFORMS:
        return [f"platform {platform}"]
    if len(component) == 1:  # takes it away
        return []
    needed, optional = [keys.split() for keys in PLATFORMS[platform]]
    lacking = {*COMMON, *needed} - set(component)
    if lacking:
        return [f"lacks {lacking}"]
    name, category, device_class = component["name"], component.get("ent_cat"), component.get("dev_cla")
    kind = device_class, component.get("unit_of_meas"), component.get("stat_cla")
    topic, expires = component.get("stat_t", config["stat_t"]), component.get("exp_aft")
    return _unknown(component, [*COMMON, *needed, *optional]) + [text for is_wrong, text in (
        (not ID.fullmatch(component["uniq_id"]) or not component["uniq_id"].startswith(config["dev"]["ids"][0] + "_"),
         f"uniq_id {component['uniq_id']}"),
        (name.lower().startswith(config["dev"]["name"].lower()), "its name repeats the device's"),
        (re.search(r"\b0\d", name), "zero padding"),
        (category not in (None, "config" if platform in SETTABLE else "diagnostic"), f"category {category}"),
        (component.get("en", False) is not False, "en is written where it is not false"),
        (component["def_ent_id"] != entity_id(config, component), "def_ent_id is not what its names make"),
        (not re.fullmatch(r"mdi:[a-z][a-z0-9-]+", component.get("ic", "mdi:x-y")), f"icon {component.get('ic')}"),
        ("val_tpl" in component and device_class in (None, "enum", "voltage") and "ic" not in component,
         "its icon would be an eye or a sine wave"),
        (kind not in SENSORS if platform == "sensor" else device_class not in CLASSES[platform], f"class {kind}"),
        (platform != "button" and ("/stat/readings/" in topic) != ("exp_aft" in component), f"{expires} on {topic}"),
        ("exp_aft" in component and expires < 120, f"expire_after {expires}"),
        (platform == "sensor" and kind[1] and type(component.get("sug_dsp_prc")) is not int, "no display precision"),
        (("ops" in component) != (device_class == "enum"), "options belong to class enum, and to no other"),
    ) if is_wrong]  # fmt: skip


def entity_id(config, component):
    """The id that Home Assistant makes of the names of the device and the entity, where both are of plain letters."""
    words = f"{config['dev']['name']} {component['name']}".lower()
    return f"{component['p']}.{re.sub('[^a-z0-9]+', '_', words)}".strip("_")


class HomeAssistant:
    """Takes configs as it does: a component that is left out stays, one without anything but its platform goes."""

    def __init__(self):
        self.components = {}  # (topic, key) -> component with state topic
        self.devices = {}

    def take(self, topic, payload):
        """A message on a discovery topic. AssertionError where it would complain."""
        assert not faults(topic, payload), faults(topic, payload)
        config = json.loads(payload)
        self.devices[topic] = config["dev"] | {"avty": availability(config)}
        for key, component in config["cmps"].items():
            if len(component) == 1:
                self.components.pop((topic, key), None)
            else:
                self.components[topic, key] = {"stat_t": config["stat_t"]} | component
        ids = [one["uniq_id"] for one in self.components.values()]
        assert len(ids) == len(set(ids)), "an id stands twice"

    def available(self, topic, said):
        """Is a device available, after `said`: {topic: payload (text) or None}?"""
        for one in self.devices[topic]["avty"]:
            payload = said[one["t"]]
            if payload and "val_tpl" in one:
                payload = ENVIRONMENT.from_string(one["val_tpl"]).render(value=payload)
            if payload != one.get("pl_avail", "online"):
                return False
        return True

    def states(self, topic, payload, states=()):
        """A message (text) on a state topic -> {(discovery topic, key): state}, all legal. `states`: those before."""
        found, before = {}, dict(states)
        for at, component in self.components.items():
            if component.get("stat_t") == topic and component["p"] != "button":
                rendered = render(component, payload, before.get(at, "unknown"))
                assert illegal(component, rendered) is None, (at, illegal(component, rendered))
                found[at] = rendered or before.get(at, "unknown")
        return found
