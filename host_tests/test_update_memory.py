"""An update of all files in the memory of an ESP32, beside 16 packs, or TLS, while everything goes on."""

from __future__ import annotations

import pytest
import test_tls
import test_update
from mqtt_helpers import Recorder
from system_helpers import Way

from tools import ToolError
from tools.simulator import Simulator
from tools.virtual_board import layout

certificates, time_server, tls_board = test_tls.certificates, test_tls.time_server, test_tls.tls_board
tree, update = test_update.tree, test_update.update
KEY, SPEED = test_update.KEY, 4
PLACE_TIMEOUT_S = 60
SPARE_BYTES = 1500  # that are left when it is at its largest


def all_touched(project):
    return [path.relative_to(project / "firmware").with_suffix("").as_posix()
            for path in (project / "firmware").rglob("*.py") if path.stem != "__init__"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["framed", "console"])
def test_sixteen_packs(board, broker, mqtt_client, project, tree, update, dialect):
    settings = {"update_key": KEY, "discovery": True, "dialect": dialect}
    heap = str(layout.CHIP_HEAP - SPARE_BYTES)
    with Way(board, broker, mqtt_client, settings=settings, heap=heap, packs=16, dialect=dialect, speed=SPEED) as way:
        way.start()
        mqtt_client.wait_topic("_Pack16/config", PLACE_TIMEOUT_S)
        way.wait("stat/readings/Rack", PLACE_TIMEOUT_S)
        said = update(tree(touched=all_touched(project)))
        assert len(test_update.copied(said)) > 50 and said[-1].startswith("it has published")
        assert len(way.board.resets) == 1 and way.complaints() == []
        assert not [line for line in [*said, *way.board.lines] if "memory" in line], "at the first try"


@pytest.mark.slow
@test_tls.pytestmark[0]
@test_tls.pytestmark[1]
def test_over_tls(tls_board, certificates, project, tree, update):
    """The board's connection and that of deploy.py."""
    with Simulator(packs=2, paced=False, speed=SPEED) as battery:
        one = tls_board(uart=battery.path, speed=SPEED, settings={"update_key": KEY})
        with Recorder("127.0.0.1", one.plain_port) as recorder:
            recorder.wait_topic("stat/readings/Rack", PLACE_TIMEOUT_S)
            new, where = tree(touched=all_touched(project)), ("localhost", one.broker.port)
            with pytest.raises(ToolError, match=r"other-ca\.pem: .*certificate verify failed"):
                update(new, mqtt=where, mqtt_ca=str(certificates / "other-ca.pem"))
            said = update(new, mqtt=where, mqtt_ca=str(certificates / "ca.pem"))
        assert len(test_update.copied(said)) > 50 and said[-1].startswith("it has published")
        assert len(one.resets) == 1 and not [line for line in one.lines if "emory" in line]
