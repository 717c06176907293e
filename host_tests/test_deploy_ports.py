"""tools/deploy.py and the serial port: which one it is, and what is wrong with it, in words."""

from __future__ import annotations

import fcntl
import os
import re

import deploy_helpers
import pytest
from deploy_helpers import run

from tools import deploy

tree, empty = deploy_helpers.tree, deploy_helpers.empty

PORTS = (
    ("not there", lambda tmp: "/dev/ttyNone0", r"/dev/ttyNone0 is not there: is it plugged in\?"),
    ("a file", lambda tmp: str(tmp / "file"), "is not a serial port"),
)


@pytest.mark.parametrize(("name", "port", "words"), PORTS, ids=[row[0] for row in PORTS])
def test_ports_that_are_none(tmp_path, capsys, name, port, words):
    (tmp_path / "file").write_text("")
    assert deploy.main(["--port", port(tmp_path)]) == 1
    assert re.search(words, capsys.readouterr().err)


def test_a_port_that_is_busy(empty, tree, capsys):
    one = empty()
    fd = os.open(one.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert deploy.main(["--port", one.port]) == 1
    assert f"{one.port} is busy: another program" in capsys.readouterr().err
    os.close(fd)
    assert run(one, tree)[-1].startswith("board | info: up:")


@pytest.fixture
def found(monkeypatch):
    """set(names) makes these the serial ports on USB."""
    from tools import deploy_board

    class Found:
        vid = 0x10C4

        def __init__(self, device):
            self.device = device

    return lambda *names: monkeypatch.setattr(deploy_board.list_ports, "comports", lambda: [Found(n) for n in names])


def test_the_only_board_is_found_by_itself(empty, tree, found):
    one = empty()
    found(one.port)
    said = []
    deploy.deploy(say=said.append, project=tree)
    assert said[0] == f"looking for MicroPython at {one.port} …"


@pytest.mark.parametrize(
    ("names", "words"), [((), "no board found"), (("/dev/a", "/dev/b"), "/dev/a, /dev/b. Say which")]
)
def test_no_board_or_several(found, capsys, names, words):
    found(*names)
    assert deploy.main([]) == 1
    assert words in capsys.readouterr().err
