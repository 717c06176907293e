"""Writes package.json, from which `mpremote mip install github:<owner>/<repo>` works. Run it after adding a file."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environment import PROJECT


def package():
    """-> text of package.json for this tree."""
    from firmware import __version__
    from tools.virtual_board.layout import board_files

    names = sorted(name.as_posix().replace(".mpy", ".py") for name, _ in board_files())
    rows = ",\n".join(f"    {json.dumps([name, name])}" for name in names)
    return f'{{\n  "urls": [\n{rows}\n  ],\n  "version": "{__version__}"\n}}\n'


if __name__ == "__main__":
    (PROJECT / "package.json").write_text(package())
