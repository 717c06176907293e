"""A small project to deploy, a board that is empty, and what deployment said."""

from __future__ import annotations

import re

import pytest

from tools import deploy

TREE = {
    "boot.py": "import machine\n",
    "main.py": "from firmware import a\nprint('pylon2mqtt: begun')\nprint('info: up: pylon2mqtt', a.VALUE)\n",
    "place.py": "",
    "place.txt": "a\n",
    "firmware/__init__.py": "",
    "firmware/a.py": "from .sub import b\nVALUE = b.VALUE\n",
    "firmware/sub/__init__.py": "",
    "firmware/sub/b.py": "VALUE = 1\n" + "# much\n" * 200,
    "firmware/table.txt": "row\n" * 300,
}
ON_BOARD = {
    "boot.py", "main.py", "place.mpy", "place.txt", "firmware/__init__.mpy", "firmware/a.mpy",
    "firmware/sub/__init__.mpy", "firmware/sub/b.mpy", "firmware/table.txt",
}  # fmt: skip


@pytest.fixture
def tree(tmp_path):
    """A small project."""
    for name, text in TREE.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


@pytest.fixture
def empty(board, monkeypatch):
    """make(**arguments of board()) -> a board that waits at its REPL, with nothing of ours on it."""
    monkeypatch.setattr(deploy, "ALIVE_S", 0.1)  # the small project says nothing more

    def make(**arguments):
        one = board(repl=True, **arguments)
        one.wait_for("help()")
        return one

    return make


def run(board, tree, **arguments):
    """Deploy -> what it said."""
    said = []
    deploy.deploy(board.port, say=said.append, project=tree, **arguments)
    return said


def files(board):
    return {path.relative_to(board.flash).as_posix() for path in board.flash.rglob("*") if path.is_file()}


def copied(said):
    return [re.match(r"copying /(\S+)", line)[1] for line in said if line.startswith("copying")]
