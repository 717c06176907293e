"""docs/pylon2mqtt.service: systemd takes it, and the command that it starts is one that tools/pylon2mqtt.py takes."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tools import environment, pylon2mqtt

DOCS = environment.PROJECT / "docs"
UNIT = DOCS / "pylon2mqtt.service"
TEXT = UNIT.read_text()
ANALYZE = shutil.which("systemd-analyze")
PYTHON = "/usr/bin/python3"
GIVEN = {"CREDENTIALS_DIRECTORY": "/run/credentials/x", "STATE_DIRECTORY": "/var/lib/pylon2mqtt"}  # by systemd


@pytest.mark.skipif(not ANALYZE, reason="no systemd-analyze here")
def test_systemd_takes_it(tmp_path):
    unit = tmp_path / UNIT.name
    unit.write_text(TEXT.replace(PYTHON, sys.executable))  # it is asked for, but need not be there where this test runs
    done = subprocess.run([ANALYZE, "verify", str(unit)], capture_output=True, text=True, timeout=60,
                          env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"}, check=False)  # fmt: skip
    assert [line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line] == []


def test_what_it_starts(tmp_path):
    """The password comes from a file that only root can read, and is in no command and no variable."""
    (lines,) = re.findall(r"/etc/pylon2mqtt/settings <<END\n(.*?)\nEND\n", (DOCS / "service.md").read_text(), re.DOTALL)
    known = dict(line.split("=", 1) for line in lines.splitlines()) | GIVEN
    (text,) = re.findall(r"^ExecStart=(.*)$", TEXT.replace("\\\n", " "), re.MULTILINE)
    command = ["sh", "-c", f"printf '%s\\n' {text}"]
    words = subprocess.run(command, env=known, capture_output=True, text=True, check=True)
    python, tool, *arguments = words.stdout.splitlines()
    assert python == PYTHON and (environment.PROJECT / tool.removeprefix("/opt/pylon2mqtt/")).is_file()
    (tmp_path / "mqtt_pass").write_text("secret\n")
    arguments = [word.replace(GIVEN["CREDENTIALS_DIRECTORY"], str(tmp_path)) for word in arguments]
    options = pylon2mqtt.parser().parse_args(arguments)
    config = pylon2mqtt.settings(options)
    pylon2mqtt.check(config)
    assert config["mqtt_pass"] == "secret" and config["mqtt_user"] == "pylon2mqtt" and config["publish_rate"] == 10
    assert options.state == "/var/lib/pylon2mqtt/energy" and options.pylon_port == known["PYLON_PORT"]
    assert "\nLoadCredential=mqtt_pass:/etc/pylon2mqtt/mqtt_pass\n" in TEXT and "--mqtt_pass" not in arguments
    (stop_s,) = re.findall(r"^TimeoutStopSec=(\d+)$", TEXT, re.MULTILINE)
    assert int(stop_s) > pylon2mqtt.STOP_TIMEOUT_S and "\nKillMode=mixed\n" in TEXT
