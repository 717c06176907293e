"""The firmware on this PC: reads the batteries on a serial port and publishes to an MQTT broker. Ctrl-C or SIGTERM ends
it, with `Offline` published.
"""

import json
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from firmware import config as firmware_config
from tools import ToolError, environment, options
from tools.configure import typed
from tools.options import PASSWORD_VARIABLE
from tools.virtual_board import layout
from tools.virtual_board.runner import Board

# Settings of config.json that are flags by the same name
SETTING_FLAGS = ("rack_name", "mqtt_host", "mqtt_port", "mqtt_root", "mqtt_user", "mqtt_pass", "publish_rate")
MEANINGS = {key: meaning for key, *_, meaning in firmware_config.SETTINGS}
CA_NAME = "ca.pem"
STOP_TIMEOUT_S = 20
PC_CLOCK = {"VB_CLOCK": "pc"}  # this PC knows what time it is; an ESP32 asks ntp_host
ORDERLY = (0, 2)  # main.py came to its end, or was interrupted before it had begun


def main(arguments=None):
    """Run until Ctrl-C or SIGTERM -> exit status: 0, or 1 where it could not start or did not end as it should."""
    given = parser().parse_args(arguments)
    environment.ensure()

    def work():
        config, files = settings(given), {}
        check(config)
        if config.get("mqtt_ca"):
            files[CA_NAME] = _read("mqtt_ca", config["mqtt_ca"])
            config["mqtt_ca"] = CA_NAME
        files["config.json"] = json.dumps(config).encode()
        options.check_port(given.pylon_port)
        return run(given, files, environment.micropython(given.micropython))

    return options.guarded("pylon2mqtt", work)


def parser():
    """-> the ArgumentParser of this tool."""
    made = options.parser("pylon2mqtt.py", __doc__)
    add = made.add_argument
    add("--pylon_port", required=True, metavar="PORT", help="serial port, such as /dev/ttyUSB0")
    for name in SETTING_FLAGS:
        add(f"--{name}", help=MEANINGS[name])
    add("--mqtt_pass_file", metavar="FILE", help="file whose first line is the password at the broker; or environment "
                                                 f"variable {PASSWORD_VARIABLE}")  # fmt: skip
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="any other setting; repeatable")
    add("--heap", default="chip", type=layout.bytes_of, help="heap of MicroPython, such as 120k (default: as an ESP32)")
    add("--micropython", metavar="PATH", help="another interpreter than the installed one")
    add("--state", metavar="DIR", help="keep the energy counters of the last run here")
    return made


def settings(given):
    """-> the dict for config.json. ToolError."""
    config = {"wifi_ssid": "virtual"}  # the radio of the virtual board takes any name; the firmware wants one
    config |= {name: typed(name, text) for name in SETTING_FLAGS if (text := getattr(given, name)) is not None}
    if given.mqtt_pass_file:
        lines = _read("--mqtt_pass_file", given.mqtt_pass_file).decode("utf-8", "replace").splitlines()
        config["mqtt_pass"] = lines[0] if lines else ""
    elif os.environ.get(PASSWORD_VARIABLE):
        config.setdefault("mqtt_pass", os.environ[PASSWORD_VARIABLE])
    for text in given.set:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ToolError(f"--set {text}: write KEY=VALUE")
        config[key] = value[1:-1] if re.fullmatch(r'".*"', value) else typed(key, value)
    return config


def _read(what, path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ToolError(f"{what}: cannot read {path}: {error.strerror}") from None


def check(config):
    """ToolError with everything that is wrong in the settings, before anything runs."""
    try:
        firmware_config.check(config)
    except firmware_config.ConfigError as error:
        raise ToolError(f"wrong settings: {error}") from None


def run(given, files, interpreter):
    """The firmware with `files` (name -> bytes) beside it, until a signal ends it -> exit status."""
    with tempfile.TemporaryDirectory(prefix="pylon2mqtt-") as flash:
        layout.lay_out(flash)
        for name, data in files.items():
            with open(os.open(Path(flash) / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        board = Board(flash, given.pylon_port, interpreter, str(given.heap), given.state, stdout=_show, env=PC_CLOCK)
        with board:
            try:
                board.start()
                board.wait()
                return 1  # it never ends by itself
            except KeyboardInterrupt:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                return 0 if board.stop(STOP_TIMEOUT_S) in ORDERLY else 1


def _show(line):
    try:
        print(line, flush=True)
    except BrokenPipeError:  # whoever read this has gone: an orderly end, without words
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
