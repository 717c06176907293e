#!/usr/bin/env python3
"""Prints the dashboard of a rack for Home Assistant (docs/home-assistant/README.md), of cards that it ships."""

from __future__ import annotations

import argparse
import re

PACKS_MAX = 16
GAUGE_W = 5000
SOC_COLOURS = "severity: {green: 40, yellow: 20, red: 0}"
UNKNOWN = "[unknown, unavailable]"
HEAD = """\
# Made by tools/dashboard.py; README.md beside this file says where it goes. Packs that are not there do not show.
title: "Pylontech {name}"
views:
"""
RACK = """\
  - type: sections
    title: "Battery"
    path: battery
    icon: mdi:home-battery
    max_columns: 3
    sections:
      - type: grid
        cards:
          - type: heading
            heading: "Battery"
            icon: mdi:home-battery
            badges:
              - {type: entity, entity: sensor.{r}_state}
              - {type: entity, entity: sensor.{r}_packs, name: "Packs", state_content: [name, state]}
          - type: markdown
            content: >-
              <ha-alert alert-type="{{ 'error' if is_state('binary_sensor.{r}_problem', 'on') else 'warning' }}">
              {{ states('sensor.{r}_problem_details') }}</ha-alert>
            text_only: true
            grid_options: {columns: full}
            visibility: [{condition: or, conditions: [{on binary_sensor.{r}_problem}, {on binary_sensor.{r}_warning}]}]
          - type: tile
            entity: binary_sensor.{r}_battery_connection
            name: "Battery does not answer"
            icon: mdi:battery-off-outline
            color: red
            grid_options: {columns: full}
            visibility: [{condition: state, entity: binary_sensor.{r}_battery_connection, state_not: "on"}]
          - type: gauge
            entity: sensor.{r}_state_of_charge
            name: "Charge"
            needle: true
            {soc}
            grid_options: {columns: 6}
            visibility: [{known sensor.{r}_state_of_charge}]
          - type: gauge
            entity: sensor.{r}_power
            name: "Power"
            min: -{watts}
            max: {watts}
            needle: true
            segments: [{from: -{watts}, color: "#ff9800"}, {from: 0, color: "#43a047"}]
            grid_options: {columns: 6}
            visibility: [{known sensor.{r}_power}]
          - type: tile
            entity: sensor.{r}_time_to_full
            name: "Time to full"
            visibility: [{known sensor.{r}_time_to_full}]
          - type: tile
            entity: sensor.{r}_time_to_empty
            name: "Time to empty"
            visibility: [{known sensor.{r}_time_to_empty}]
          - {type: tile, entity: sensor.{r}_stored_energy, name: "Stored"}
          - {type: tile, entity: sensor.{r}_remaining_capacity, name: "Remaining"}
          - {type: tile, entity: sensor.{r}_voltage, name: "Voltage"}
          - {type: tile, entity: sensor.{r}_current, name: "Current"}
          - {type: tile, entity: sensor.{r}_lowest_cell, name: "Lowest cell"}
          - {type: tile, entity: sensor.{r}_highest_cell, name: "Highest cell"}
          - {type: tile, entity: sensor.{r}_lowest_temperature, name: "Coldest"}
          - {type: tile, entity: sensor.{r}_highest_temperature, name: "Warmest"}
          - {type: tile, entity: sensor.{r}_charged_energy, name: "Charged"}
          - {type: tile, entity: sensor.{r}_discharged_energy, name: "Discharged"}
      - type: grid
        cards:
          - {type: heading, heading: "Packs", icon: mdi:battery-outline}
"""
ROW = """\
          - type: tile
            entity: sensor.{p}_state_of_charge
            name: "Pack {n}"
            color: green
            features: [{type: bar-gauge, min: 0, max: 100}]
            features_position: inline
            tap_action: {action: navigate, navigation_path: pack-{n}}
            grid_options: {columns: full}
            visibility: &pack{n} [{known sensor.{p}_state_of_charge}]
          - {type: tile, entity: sensor.{p}_power, name: "Power", visibility: *pack{n}}
          - {type: tile, entity: sensor.{p}_cell_voltage_difference, name: "Difference", visibility: *pack{n}}
"""
HISTORY = """\
      - type: grid
        cards:
          - {type: heading, heading: "Last 24 hours", icon: mdi:chart-line}
"""
GRAPH = """\
          - type: history-graph
            hours_to_show: 24
            grid_options: {columns: full}
            entities:
"""
PACK = """\
  - type: sections
    title: "Pack {n}"
    path: pack-{n}
    subview: true
    max_columns: 3
    sections:
      - type: grid
        cards:
          - {type: heading, heading: "Pack {n}", badges: [{type: entity, entity: sensor.{p}_state}]}
          - type: markdown
            content: >-
              <ha-alert alert-type="{{ 'error' if is_state('binary_sensor.{p}_problem', 'on') else 'warning' }}">
              {{ states('sensor.{p}_problem_details') }}</ha-alert>
            text_only: true
            grid_options: {columns: full}
            visibility: [{condition: or, conditions: [{on binary_sensor.{p}_problem}, {on binary_sensor.{p}_warning}]}]
          - type: tile
            entity: sensor.{p}_state_of_charge
            name: "Charge"
            color: green
            features: [{type: bar-gauge, min: 0, max: 100}]
            features_position: inline
            grid_options: {columns: full}
{tiles}
      - type: grid
        cards:
          - {type: heading, heading: "Cells", badges: [{type: entity, entity: sensor.{p}_cell_voltage_difference}]}
          - type: markdown
            pack: {n}
            grid_options: {columns: full}
            content: {cells}
"""
# What a pack's view shows: the end of the id, name, only where it is known
TILES = (
    ("power", "Power", False), ("voltage", "Voltage", False), ("current", "Current", False),
    ("stored_energy", "Stored", False), ("cycles", "Cycles", True), ("state_of_health", "Health", True),
    ("lowest_temperature", "Coldest", True), ("highest_temperature", "Warmest", True),
    ("bms_temperature", "BMS", True), ("mosfet_temperature", "MOSFETs", True),
    ("charge_voltage_limit", "Charges up to", True), ("discharge_voltage_limit", "Discharges down to", True),
    ("charge_current_limit", "Charges with", True), ("discharge_current_limit", "Discharges with", True),
    ("charged_energy", "Charged", False), ("discharged_energy", "Discharged", False),
)  # fmt: skip
# How far each cell is from the mean of its pack, as bars that fill the row at the pack's own spread
CELLS = """\
&cells |
              {%- set found = namespace(cells=[], volts=[]) -%}
              {%- for cell in range(1, 17) -%}
                {%- set volts = states('sensor.{r}_pack_%d_cell_%d_voltage' % (config.pack, cell)) -%}
                {%- if is_number(volts) -%}
                  {%- set found.cells = found.cells + [cell] -%}
                  {%- set found.volts = found.volts + [volts | float] -%}
                {%- endif -%}
              {%- endfor -%}
              {%- if found.volts -%}
              {%- set mean = found.volts | sum / found.volts | length -%}
              {%- set low, high = found.volts | min, found.volts | max -%}
              {%- set most = [high - mean, mean - low, 0.002] | max -%}
              Mean {{ '%.3f' % mean }} V; how far each cell is from it:

              | Cell | V | mV | below | above | |
              |--:|--:|--:|--:|:--|:--|
              {%- for volts in found.volts -%}
                {%- set off = volts - mean -%}
                {%- set bar = '█' * (8 * (off | abs) / most) | round | int %}
              | {{ found.cells[loop.index0] }} | {{ '%.3f' % volts }} | {{ '%+.0f' % (1000 * off) }} | {{
                bar if off < 0 }} | {{ bar if off > 0 }} | {{
                'lowest' if volts == low else 'highest' if volts == high }} |
              {%- endfor -%}
              {%- else -%}
              Nothing was said of the cells yet.
              {%- endif -%}"""


def dashboard(rack="Main", packs=PACKS_MAX):
    """-> YAML for a rack of that name with up to so many packs."""
    r = "pylontech_" + re.sub("[^a-z0-9]+", "_", rack.lower()).strip("_")
    numbers = range(1, packs + 1)
    graphs = [
        [f"sensor.{r}_power"],
        [f"sensor.{r}_pack_{n}_state_of_charge" for n in numbers],
        [f"sensor.{r}_lowest_cell_voltage", f"sensor.{r}_highest_cell_voltage"],
    ]
    names = [["Power"], [f"Pack {n}" for n in numbers], ["Lowest cell", "Highest cell"]]
    text = HEAD.replace("{name}", rack) + RACK + "".join(_of(ROW, n) for n in numbers) + _history(graphs, names)
    for n in numbers:
        p = f"sensor.{r}_pack_{n}"
        tiles = "\n".join(_tile(p, *one) for one in TILES)
        cells = CELLS if n == 1 else "*cells"
        text += _of(PACK.replace("{tiles}", tiles).replace("{cells}", cells), n)
        graphs = [[f"{p}_lowest_cell_voltage", f"{p}_highest_cell_voltage"], [f"{p}_power"]]
        text += _history(graphs, [["Lowest cell", "Highest cell"], ["Power"]])
    text = text.replace("{r}", r).replace("{soc}", SOC_COLOURS).replace("{watts}", str(GAUGE_W))
    text = re.sub(r"{known ([\w.]+)}", rf"{{condition: state, entity: \1, state_not: {UNKNOWN}}}", text)
    return re.sub(r"{on ([\w.]+)}", r'{condition: state, entity: \1, state: "on"}', text)


def _of(template, number):
    return template.replace("{p}", f"{{r}}_pack_{number}").replace("{n}", str(number))


def _tile(pack, end, name, only_where_known):
    entity = f"{pack}_{end}"
    more = f", visibility: [{{known {entity}}}]" if only_where_known else ""
    return f'          - {{type: tile, entity: {entity}, name: "{name}"{more}}}'


def _history(graphs, names):
    text = HISTORY
    for entities, said in zip(graphs, names, strict=True):
        text += GRAPH
        for one, name in zip(entities, said, strict=True):
            text += f'              - {{entity: {one}, name: "{name}"}}\n'
    return text


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rack", default="Main", help="rack_name of the settings")
    parser.add_argument("--packs", type=int, default=PACKS_MAX, choices=range(1, PACKS_MAX + 1), metavar="1…16")
    arguments = parser.parse_args()
    print(dashboard(arguments.rack, arguments.packs), end="")


if __name__ == "__main__":
    main()
