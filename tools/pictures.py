"""Draws the pictures of docs/: the wiring, how the firmware is built, the monitor.

They are made from the firmware's settings, its modules and the simulated battery, so that they stay true.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import environment

PLACE = environment.PROJECT / "docs"


def files():
    """-> {name of the file: SVG as text}."""
    from tools import pictures_architecture, pictures_monitor, pictures_wiring  # what they need is in .venv

    made = {}
    for module in (pictures_wiring, pictures_architecture, pictures_monitor):
        made |= module.pictures()
    return made


def stale(made, place=PLACE):
    """Names of the files in `made` (as of files()) that are missing in the folder `place`, or are other ones there."""
    return [name for name, text in made.items()
            if not (place / name).exists() or (place / name).read_text(encoding="utf-8") != text]  # fmt: skip


def main(arguments=None):
    """-> exit status: 0, or 1 where --check found a file that is out of date."""
    parser = argparse.ArgumentParser(prog="pictures.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="write nothing, say which files would change")
    parser.add_argument("--out", type=Path, default=PLACE, metavar="FOLDER", help="default: docs")
    options = parser.parse_args(arguments)
    environment.ensure()
    made = files()
    old = stale(made, options.out)
    for name in old:
        if options.check:
            print(f"{options.out / name} is out of date: run python3 tools/pictures.py")
            continue
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / name).write_text(made[name], encoding="utf-8")
        print(f"{options.out / name} is written")
    if not old:
        print(f"all {len(made)} pictures are up to date")
    return int(options.check and bool(old))


if __name__ == "__main__":
    sys.exit(main())
