"""Every command of README.md, CONTRIBUTING.md and docs/ is run, and prints what its page promises.

At a battery's port is the simulated one, at a board's the virtual one, and the broker listens on this PC. What is not
run says why, in doc_rows.py. A command that no row knows is a failure, and so is a row that knows none. The way onto a
board is in test_docs_board.py.
"""

from __future__ import annotations

import re
import shutil

import doc_commands
import pytest
from doc_rows import AS_ROOT, AT_ONCE, COMMANDS, ROWS, rows_of, to_run
from doc_stage import Stage

from tools.simulator import Simulator

FAILS = {"python3 tools/decode.py '~20014642E00202FD35'": 1}  # exit status
@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: f"{one.page}: {one.text[:60]}")
def test_it_is_known(command):
    assert len(rows_of(command)) == 1, "put this command into ROWS"


@pytest.mark.parametrize("known", [row[0] for row in ROWS])
def test_each_row_is_of_a_command(known):
    assert any(re.fullmatch(known, one.text) for one in COMMANDS)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Some commands build on those before them: one folder for all, and a battery that is at its port."""
    with Simulator(packs=2, baud=4800, paced=False) as battery:
        yield Stage(tmp_path_factory.mktemp("clone"), {"/dev/ttyUSB0": battery.path})
        assert not battery.forbidden


@pytest.mark.slow
def test_at_once(stage):
    for command in to_run(AT_ONCE):
        status, said = stage.run(command.text)
        if "test.py" in command.text:  # its status speaks of the style of the whole tree, too
            status = int("== tests: FAILED" in said or not re.search(r"\d passed\b", said))
        assert status == FAILS.get(command.text, 0), command.text
        assert doc_commands.missing(map(stage.here, command.promised), said) == [], command.text


def test_as_root(tmp_path):
    """The files of the service, in a directory that stands for /; what removes them comes last."""
    places = {f" /{name}/": f" {tmp_path}/{name}/" for name in ("opt", "etc", "var")}
    made = "opt/pylon2mqtt/docs etc/systemd/system var/lib/private/pylon2mqtt var/lib/pylon2mqtt clone"
    for name in made.split():
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(doc_commands.PROJECT / "docs" / "pylon2mqtt.service", tmp_path / "opt/pylon2mqtt/docs")
    stage = Stage(tmp_path / "clone", places)
    for command in sorted(to_run(AS_ROOT), key=lambda one: one.text.startswith("rm")):
        paths = re.findall(r"\s(/\S+)", stage.here(command.text).partition("\n")[0])
        assert paths and all(path.startswith((f"{tmp_path}/", "/dev/null")) for path in paths), "never the real ones"
        assert stage.run(command.text) == (0, ""), command.text
        if command.text.startswith("install"):
            assert (tmp_path / "etc/pylon2mqtt/mqtt_pass").stat().st_mode & 0o777 == 0o600
        if command.text.startswith("cp"):
            assert (tmp_path / "etc/systemd/system/pylon2mqtt.service").is_file()
    assert [path for path in tmp_path.rglob("*pylon2mqtt*") if "clone" not in path.parts] == []


# -- what finds it -------------------------------------------------------------------------------------------------
