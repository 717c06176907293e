"""The pages that owners read: every command in a code block is tried and prints what its page promises, links lead
somewhere, flags and settings are those of tools and firmware. What is not run says why, in doc_commands."""

import json
import re
import runpy
import shutil
import sys

import markdown
import pytest
from doc_commands import AS_ROOT, AT_ONCE, COMMANDS, PROJECT, ROWS, TEXTS, Stage, missing, to_run, ways

from firmware.config import SETTINGS
from tools.simulator import Simulator

TOOLS = {}  # name: flags that the pages give to it
for _tool, _rest in re.findall(r"python3 (tools/[\w/]+(?:\.py)?)([^`\n#]*)", "\n".join(TEXTS.values())):
    TOOLS.setdefault(_tool, set()).update(re.findall(r"(?<!\S)\[?(--?[a-z][\w-]*)", _rest))
FAILS = {"python3 tools/decode.py '~20014642E00202FD35'": 1}  # exit status


def test_each_command_has_a_row_and_each_row_a_command():
    assert [one for one in COMMANDS if len(ways(one)) != 1] == [], "put these commands into ROWS"
    assert [known for known, _ in ROWS if not any(re.fullmatch(known, one.text) for one in COMMANDS)] == []


@pytest.mark.slow
def test_at_once(tmp_path):
    """Some build on those before them: one folder for all."""
    with Simulator(packs=2, baud=4800, paced=False) as battery:
        stage = Stage(tmp_path, {"/dev/ttyUSB0": battery.path})
        for command in to_run(AT_ONCE):
            status, said = stage.run(command.text)
            if "test.py" in command.text:  # its status speaks of the style of the whole tree, too
                status = int(" failed" in said or not re.search(r"\d passed\b", said))
            assert status == FAILS.get(command.text, 0), command.text
            assert missing(map(stage.here, command.promised), said) == [], command.text
        assert not battery.forbidden


def test_as_root(tmp_path):
    """The files of the service, in a directory that stands for /; what removes them comes last."""
    for name in ("opt/pylon2mqtt/docs", "etc/systemd/system", "var/lib/private/pylon2mqtt", "var/lib/pylon2mqtt", "x"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(PROJECT / "docs" / "pylon2mqtt.service", tmp_path / "opt/pylon2mqtt/docs")
    stage = Stage(tmp_path / "x", {f" /{name}/": f" {tmp_path}/{name}/" for name in ("opt", "etc", "var")})
    for command in sorted(to_run(AS_ROOT), key=lambda one: one.text.startswith("rm")):
        paths = re.findall(r"\s(/\S+)", stage.here(command.text).partition("\n")[0])
        assert paths and all(path.startswith((f"{tmp_path}/", "/dev/null")) for path in paths), "never the real ones"
        assert stage.run(command.text) == (0, ""), command.text
        if command.text.startswith("install"):
            assert (tmp_path / "etc/pylon2mqtt/mqtt_pass").stat().st_mode & 0o777 == 0o600
        if command.text.startswith("cp"):
            assert (tmp_path / "etc/systemd/system/pylon2mqtt.service").is_file()
    assert [path for path in tmp_path.rglob("*pylon2mqtt*") if path.parent != tmp_path / "x"] == []


@pytest.mark.parametrize("page", TEXTS)
def test_links_and_pictures_are_there(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        path, _, anchor = target.partition("#")
        file = (PROJECT / page).parent / path if path else PROJECT / page
        if not re.match(r"[a-z]+:|\.\./\.\./issues/", target):  # elsewhere
            assert file.exists(), target
            titles = re.findall(r"^#+ (.*)", file.read_text(), re.MULTILINE) if anchor else [""]
            assert anchor in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles], target


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_tools_take_the_flags_that_the_pages_give_them(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [tool, "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(PROJECT / tool), run_name="__main__")
    said = capsys.readouterr().out
    assert [flag for flag in sorted(TOOLS[tool]) if not re.search(rf"(?<![\w-]){re.escape(flag)}\b", said)] == []


def test_settings_and_defaults_of_the_readme():
    shown = {}
    for keys, values, _ in markdown.table(TEXTS["README.md"], "key", "default"):
        names = re.findall(r"`([^`]+)`", keys)
        shown |= dict.fromkeys(names, "none")
        shown |= dict(zip(names, re.sub(r" \(.*?\)|`", "", values).split(", "), strict=False))
    assert set(shown) == {row[0] for row in SETTINGS}
    for key, default, *_ in SETTINGS:
        if default not in (None, "", "needed"):
            assert shown[key] == (default if isinstance(default, str) else json.dumps(default)), key
