"""How each command of the pages is run, or why it is not: one table."""

from __future__ import annotations

import re

import doc_commands

AT_ONCE, ON_A_BOARD, AS_ROOT = "at once", "on a board", "as root"
FLAGS = "takes too long; test_docs_links holds its flags against --help"
DEMO = "test_demo runs it, in each of these ways"
ON_A_PC = "test_pylon2mqtt and test_monitor run them"
NO_ROOT = "is for root, on a PC of its own"
NO_NETWORK = "needs the internet"
PORT = r"(?:/dev/ttyUSB0|/dev/pts/7)"
# A regex of the whole command, and how it is run; commands of the same way go in the order of the pages.
ROWS = (
    (r"python3 tools/demo\.py( --seconds 45| --dialect console --firmware us5000| --board --seconds 10)", DEMO),
    (r"python3 tools/decode\.py '~20014642E00202FD35'", AT_ONCE),
    (r"python3 tools/capture\.py --port /dev/ttyUSB0( --output capture-mine\.jsonl)?", AT_ONCE),
    (r"python3 tools/decode\.py capture-mine\.jsonl \| tail -1", AT_ONCE),
    (r"python3 tools/test\.py --frames capture-mine\.jsonl", AT_ONCE),
    (r"python3 tools/(pylon2mqtt\.py --help|shorten\.py firmware/loop\.py)", AT_ONCE),
    (r"python3 tools/simulator --packs 2 --baud 4800 --link /tmp/battery", ON_A_PC),
    (r"python3 tools/pylon2mqtt\.py --pylon_port /dev/ttyUSB0 --mqtt_host 192\.168\.2\.245", ON_A_PC),
    (r"python3 tools/monitor\.py --broker 192\.168\.2\.245", ON_A_PC),
    (r"python3 tools/simulator --packs 2 --link /tmp/battery", ON_A_BOARD),
    (r"mkdir /tmp/board; python3 tools/virtual_board --flash /tmp/board --uart /tmp/battery", ON_A_BOARD),
    (rf"python3 tools/deploy\.py --port {PORT}", ON_A_BOARD),
    (rf"python3 tools/configure\.py --port {PORT} .*", ON_A_BOARD),
    (r"python3 tools/monitor\.py --broker 127\.0\.0\.1", ON_A_BOARD),
    (rf"\.venv/bin/mpremote connect {PORT}", ON_A_BOARD),
    (r"from firmware import (config|diagnose|setup)(; .*)?", ON_A_BOARD),
    (r"config\.(show|set|unset)\(.*\)", ON_A_BOARD),
    (r"import machine; machine\.reset\(\)", ON_A_BOARD),
    (r"import micropython; micropython\.mem_info\(1\)", ON_A_BOARD),
    (r"(mkdir -p|install -m 600|cat >|cp|rm -r) (.|\n)*/pylon2mqtt(.|\n)*", AS_ROOT),
    (r"echo MICROPYTHON=.* >> /etc/pylon2mqtt/settings", AS_ROOT),
    (r"python3 tools/(test|bench)\.py( --quick)?", FLAGS),
    (r"python3 tools/mutate\.py --sample 12", FLAGS),
    (r"python3 tools/demo\.py --packs 16( --heap 120k --seconds 120)?", FLAGS),
    (r"python3 tools/(decode|capture)\.py", "is only a name here; run above with arguments"),
    (r"~/esptool/bin/esptool --port /dev/ttyUSB0 (erase-flash|write-flash 0x1000 \S+\.bin)", "needs an ESP32"),
    (r"mpremote mip install --target / github:<owner>/<repo>", "test_package_json does, from this tree's package.json"),
    (r"python3 -m venv ~/esptool && ~/esptool/bin/pip install esptool", NO_NETWORK),
    (r"git (clone|-C) .*", NO_NETWORK),
    (r"mosquitto", "its port 1883 may be taken; the tests' own brokers are started by mqtt_helpers.Broker"),
    (r"(apt install|sudo usermod|systemctl|journalctl|nano|make) .*", NO_ROOT),
    (r"ls (-l|/dev/serial/by-id)|kill -USR1", "says nothing here; the signal is sent by test_virtual_board"),
)  # fmt: skip
COMMANDS = doc_commands.of_all_pages()


def rows_of(command):
    return [how for known, how in ROWS if re.fullmatch(known, command.text)]


def to_run(how):
    """-> the commands that are run in this way, each text once, with all that is promised of it."""
    found = {}
    for one in COMMANDS:
        if rows_of(one) == [how]:
            found.setdefault(one.text, one._replace(promised=[])).promised.extend(one.promised)
    return list(found.values())
