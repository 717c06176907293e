"""Writes package.json, from which `mpremote mip install github:<owner>/<repo>` works. Run it after adding a file.

mip copies the .py files as they are. The addresses are relative, so that the list holds in every fork.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import environment

NAME = "package.json"


def package(project):
    """-> text of package.json for the tree `project`."""
    from firmware import __version__
    from tools.virtual_board.layout import board_files

    names = sorted(name.as_posix() for name, _ in board_files(source=True, project=project))
    rows = ",\n".join(f"    {json.dumps([name, name])}" for name in names)
    return f'{{\n  "urls": [\n{rows}\n  ],\n  "version": "{__version__}"\n}}\n'


def main():
    """Writes package.json."""
    (environment.PROJECT / NAME).write_text(package(environment.PROJECT))
    print(f"{NAME} is written")


if __name__ == "__main__":
    main()
