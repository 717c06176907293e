"""Writes dashboard.yaml and automations.yaml for Home Assistant, from the table of entities, so that the ids are ours.

Without arguments it writes what docs/home-assistant/ holds: rack `Main`, one pack of 15 cells.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from firmware.mqtt import entities
from tools import environment

PLACE = environment.PROJECT / "docs" / "home-assistant"
CELL_SCALE_V = (2.9, 3.6)  # ends of the bars
DELTA_V = 0.1
DELTA_SCALE_V = 0.2
PACK_POWER_W = 2500  # the power gauge's end for each pack
HISTORY_H = 24
UNAVAILABLE_FOR = "00:05:00"
DELTA_FOR = "00:10:00"
DETAILS_DELAY = "00:00:01"  # Problem changes before Problem details, though both come in one message
RACK_ROWS = (
    "Problem", "Problem details", "Warning", "State", "Battery connection", "Packs", "Voltage", "Current",
    "Remaining capacity", "Time to full", "Time to empty", "Lowest cell", "Lowest cell voltage", "Highest cell voltage",
    "Lowest temperature", "Highest temperature", "Charged energy", "Discharged energy",
)  # fmt: skip
PACK_ROWS = (
    "Problem", "Problem details", "Warning", "State", "Voltage", "Current", "Remaining capacity", "Full capacity",
    "Cycles", "Lowest cell voltage", "Highest cell voltage", "Lowest temperature", "Highest temperature",
    "Charged energy", "Discharged energy",
)  # fmt: skip
CURVES = (("Power",), ("State of charge",), ("Lowest cell voltage", "Highest cell voltage"))
PLAIN = re.compile("[a-z][a-z0-9_.-]*")
SHORT = 3  # keys of a dict that is written in one line of a list
NO_TEXT = {"on", "off", "yes", "no", "y", "n", "true", "false", "null"}  # for YAML, without quotes


def slug(text):
    """`text` as Home Assistant writes it in an entity id. ValueError on letters it would transliterate."""
    text = text.replace("–", "-")
    if not text.isascii():
        raise ValueError(f"{text!r} has letters beyond ASCII: use the plain ones that Home Assistant shows in the ids")
    return re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")


def ids(rack, pack=None):
    """-> {entity name: entity id} of what the rack (or its pack number `pack`) has; not what the owner must enable."""
    device = "r" if pack is None else "p"
    name = f"Pylontech {rack}" + ("" if pack is None else f" pack {pack}")
    found = {}
    for part in entities.lines(f"part {device} "):
        for _, kind, _, show, entity in entities.rows(part.split(" ")[0], device):
            if show[0] in "md":
                component = json.loads("{" + entities.kind(kind)[2] + "}")["p"]
                found[entity] = f"{component}.{slug(f'{name} {entity}')}"
    return found


def _gauge(entity, name, low, high, **more):
    return {"type": "gauge", "entity": entity, "name": name, "min": low, "max": high, "needle": True, **more}


def _gauges(of, packs):
    power = PACK_POWER_W * packs
    return {
        "type": "grid",
        "columns": 3,
        "square": False,
        "cards": [
            _gauge(of["State of charge"], "Charge", 0, 100, severity={"green": 40, "yellow": 20, "red": 0}),
            _gauge(of["Power"], "Power", -power, power),
            _gauge(
                of["Cell voltage difference"], "Difference", 0, DELTA_SCALE_V,
                severity={"green": 0, "yellow": DELTA_V / 2, "red": DELTA_V},
            ),
        ],
    }  # fmt: skip


def _rows(of, title, names):
    return {"type": "entities", "title": title, "entities": [{"entity": of[name], "name": name} for name in names]}


def _history(of):
    return [
        {
            "type": "history-graph",
            "hours_to_show": HISTORY_H,
            "entities": [{"entity": of[name], "name": name} for name in names],
        }
        for names in CURVES
    ]


def _cells(of, cells):
    low, high = CELL_SCALE_V
    tiles = [
        {
            "type": "tile",
            "entity": of[f"Cell {number} voltage"],
            "name": f"Cell {number}",
            "vertical": True,
            "features": [{"type": "bar-gauge", "min": low, "max": high}],
        }
        for number in range(1, cells + 1)
    ]
    return {"type": "grid", "columns": 4, "square": False, "cards": tiles}


def dashboard(rack, packs, cells):
    """-> the dashboard as Home Assistant's raw configuration editor takes it: a view of the rack and of each pack."""
    of = ids(rack)
    views = [
        {
            "title": rack,
            "path": f"rack-{slug(rack).replace('_', '-')}",
            "cards": [_gauges(of, packs), _rows(of, rack, RACK_ROWS), *_history(of)],
        }
    ]
    for pack in range(1, packs + 1):
        of = ids(rack, pack)
        title = f"Pack {pack}"
        cards = [_gauges(of, 1), _cells(of, cells), _rows(of, title, PACK_ROWS), *_history(of)]
        views.append({"title": title, "path": f"pack-{pack}", "cards": cards})
    return {"title": f"Pylontech {rack}", "views": views}


def _automation(rack, what, alias, trigger, message, wait=False):
    identifier = f"pylontech_{slug(rack)}_{what}"
    notify = {
        "action": "persistent_notification.create",
        "data": {"notification_id": identifier, "title": f"Pylontech {rack}", "message": message},
    }
    actions = [{"delay": DETAILS_DELAY}, notify] if wait else [notify]
    return {"id": identifier, "alias": f"Pylontech {rack}: {alias}", "triggers": [trigger], "actions": actions}


def automations(rack, packs):
    """-> list of automations: problem, battery unavailable, cells apart."""
    of = ids(rack)
    details = of["Problem details"]
    apart = [ids(rack, pack)["Cell voltage difference"] for pack in range(1, packs + 1)]
    return [
        _automation(
            rack, "problem", "problem",
            {"trigger": "state", "entity_id": of["Problem"], "to": "on"},
            f"{{{{ states('{details}') }}}}", wait=True,
        ),
        _automation(
            rack, "unavailable", "battery unavailable",
            {"trigger": "state", "entity_id": of["State of charge"], "to": "unavailable", "for": UNAVAILABLE_FOR},
            "No readings of the battery for 5 minutes or more.",
        ),
        _automation(
            rack, "cells_apart", "cells apart",
            {"trigger": "numeric_state", "entity_id": apart, "above": DELTA_V, "for": DELTA_FOR},
            "{{ trigger.to_state.name }}: {{ trigger.to_state.state }} V for 10 minutes.",
        ),
    ]  # fmt: skip


def _scalar(value):
    if isinstance(value, str) and PLAIN.fullmatch(value) and value not in NO_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_short(value):
    return isinstance(value, dict) and 1 < len(value) <= SHORT and not any(
        isinstance(inner, dict | list) for inner in value.values()
    )  # fmt: skip


def yaml_lines(value, indent=""):
    """Yields the lines of `value` (dicts and lists, none empty, of texts, numbers, booleans) as YAML behind `indent`.
    """
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        head = f"{indent}-" if isinstance(value, list) else f"{indent}{key}:"
        if not isinstance(inner, dict | list):
            yield f"{head} {_scalar(inner)}"
        elif isinstance(value, list) and _is_short(inner):
            yield f"{head} {{{', '.join(f'{key}: {_scalar(one)}' for key, one in inner.items())}}}"
        elif isinstance(value, list):
            first, *others = yaml_lines(inner, f"{indent}  ")
            yield f"{head} {first.lstrip()}"
            yield from others
        else:
            yield head
            yield from yaml_lines(inner, f"{indent}  ")


def files(rack="Main", packs=1, cells=15):
    """-> {name of the file: its text} for a rack of `packs` packs of `cells` cells."""
    made = {"dashboard.yaml": dashboard(rack, packs, cells), "automations.yaml": automations(rack, packs)}
    head = "# Made by tools/dashboard.py; README.md beside this file says where it goes.\n"
    return {name: head + "\n".join(yaml_lines(value)) + "\n" for name, value in made.items()}


def _number(most):
    def number(text):
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} must be a number from 1 to {most}")
        return int(text)

    return number


def main(arguments=None):
    """Writes the files of the dashboard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rack", default="Main", metavar="NAME", help="rack_name of config.json (default %(default)s)")
    parser.add_argument("--packs", type=_number(16), default=1, metavar="N", help="packs in the rack, 1 to 16")
    parser.add_argument("--cells", type=_number(16), default=15, metavar="N", help="cells of a pack, 1 to 16")
    parser.add_argument("--out", type=Path, default=PLACE, metavar="FOLDER", help="default: docs/home-assistant")
    options = parser.parse_args(arguments)
    try:
        made = files(options.rack, options.packs, options.cells)
        options.out.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (options.out / name).write_text(text, encoding="utf-8")
            print(f"{options.out / name} is written")
    except (ValueError, OSError) as problem:
        parser.error(str(problem))


if __name__ == "__main__":
    main()
