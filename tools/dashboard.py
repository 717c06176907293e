#!/usr/bin/env python3
"""Prints the dashboard of a rack for Home Assistant (docs/home-assistant/README.md), of cards that it ships."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import environment, options

PACKS_MAX = 16
TEMPLATE = environment.PROJECT / "docs" / "home-assistant" / "dashboard.yaml.jinja"
# Home Assistant's own templates stand in it, so ours are marked otherwise
MARKS = {"line_statement_prefix": "%%", "variable_start_string": "<<", "variable_end_string": ">>",
         "block_start_string": "<%", "block_end_string": "%>", "comment_start_string": "<#", "comment_end_string": "#>"}


def dashboard(rack="Main", packs=PACKS_MAX):
    """-> YAML for a rack of that name with up to so many packs."""
    import jinja2

    template = jinja2.Environment(keep_trailing_newline=True, **MARKS).from_string(TEMPLATE.read_text("utf-8"))
    identifier = "pylontech_" + re.sub("[^a-z0-9]+", "_", rack.lower()).strip("_")
    return template.render(name=rack, rack=identifier, packs=range(1, packs + 1))


if __name__ == "__main__":
    parser = options.parser("dashboard.py", __doc__)
    parser.add_argument("--rack", default="Main", help="rack_name of the settings")
    parser.add_argument("--packs", type=int, default=PACKS_MAX, choices=range(1, PACKS_MAX + 1), metavar="1…16")
    given = parser.parse_args()
    environment.ensure()
    print(dashboard(given.rack, given.packs), end="")
