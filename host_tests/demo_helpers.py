"""What the tests of the demo share."""

from __future__ import annotations

import socket

import pytest
from tool_process import processes_with

from tools.options import PASSWORD_VARIABLE


@pytest.fixture
def clean(tmp_path):
    """Environment of a demo, and afterwards nothing of it may be there: no process, no file, no port."""
    directory = tmp_path / "of the demo"
    directory.mkdir()
    variables = {"TMPDIR": str(directory), PASSWORD_VARIABLE: None}
    ports = []
    yield variables, ports
    assert processes_with(str(directory)) == []
    assert list(directory.iterdir()) == []
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def port_of(tool):
    return int(tool.wait_for(r"broker at 127\.0\.0\.1:(\d+) ")[1])
