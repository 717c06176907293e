"""package.json names exactly the files that go onto the board, and mpremote installs from it a firmware that runs."""

from __future__ import annotations

import json

from repl_helpers import mpremote

from tools import deploy_package

CONFIG = {"wifi_ssid": "home", "mqtt_host": "127.0.0.1"}


def listed(project):
    return json.loads((project / "package.json").read_text())


def test_it_is_the_list_of_this_tree(project):
    assert (project / "package.json").read_text() == deploy_package.package(project), (
        "the files of the firmware have changed: python3 tools/deploy_package.py"
    )


def test_every_file_is_there_and_every_module_is_listed(project):
    names = {target for target, _ in listed(project)["urls"]}
    tree = {path.relative_to(project).as_posix() for path in (project / "firmware").rglob("*") if path.is_file()}
    tree = {name for name in tree if "__pycache__" not in name}
    assert names == tree | {"boot.py", "main.py"}


def test_addresses_are_relative_so_that_they_hold_in_every_fork(project):
    for target, url in listed(project)["urls"]:
        assert url == target
        assert not url.startswith(("/", ".")) and ":" not in url


def test_mip_installs_it_and_it_runs(project, board):
    one = board(repl=True)
    one.wait_for("help()")
    mpremote(one, "mip", "install", "--target", "/", str(project / "package.json"))
    for target, _ in listed(project)["urls"]:
        assert (one.flash / target).read_bytes() == (project / target).read_bytes()
    (one.flash / "config.json").write_text(json.dumps(CONFIG))
    mark = one.line_count
    mpremote(one, "reset")
    one.wait_for("info: up: ", after=mark, timeout_s=20)
