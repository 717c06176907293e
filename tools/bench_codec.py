"""The bench of what turns bytes into values: ours and python-pylontech's, on CPython and on MicroPython."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tools import bench_board, environment
from tools.simulator import framed
from tools.simulator.battery import Battery
from tools.simulator.commands import COMMANDS
from tools.simulator.group import Group
from tools.virtual_board import layout

THEIRS = ("python-pylontech==0.3.3", "construct==2.10.70")  # its third part, pyserial, comes with mpremote
THEIRS_DIR = environment.VENV / "bench"
INSTALL_TIMEOUT_S = 300
BOARD_TIMEOUT_S = 120
SCRIPT = Path(bench_board.__file__).resolve()
OURS_COUNT, JSON_COUNT, THEIRS_COUNT, BOARD_COUNT = 2000, 400, 100, 400  # calls of a round: less than a tenth of a s
ANALOG_VALUES = 0x42
BAUD = 4800


def install_theirs():
    """python-pylontech into a directory of its own, once. SetupError."""
    stamp = THEIRS_DIR / "made-from"
    wanted = "\n".join(THEIRS)
    if not stamp.exists() or stamp.read_text() != wanted:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--upgrade",
                   "--no-deps", "--target", str(THEIRS_DIR), *THEIRS]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False)
        if result.returncode:
            raise environment.SetupError(f"cannot install {THEIRS[0]} for the comparison:\n{result.stderr.strip()}")
        stamp.write_text(wanted)
    if str(THEIRS_DIR) not in sys.path:
        sys.path.append(str(THEIRS_DIR))


def replies():
    """-> {CID2: line} of a simulated group of one pack, with SOI and without EOI; the line to 42H and so on."""
    battery = Battery(Group(1, seed=1, cells=15, temperatures=5), lambda: 0.0, baud=BAUD, paced=False)
    lines = {}
    for cid2, (_, count, _) in COMMANDS.items():
        battery.receive(0.0, framed.encode(cid2, b"\x01" * count), BAUD)
        lines[cid2] = battery.take(0.0, BAUD)[0].rstrip(framed.EOI)
    return lines


def their_decode(line):
    """-> a function without arguments: all that python-pylontech does between reading `line` and giving values."""
    from pylontech import Pylontech

    one = Pylontech.__new__(Pylontech)  # without the serial port that its __init__ opens

    def decode():
        frame = one._decode_frame(one._decode_hw_frame(line + framed.EOI))
        return one.get_values_single_fmt.parse(frame.info[1:])

    return decode


def agree(ours, theirs):
    """ValueError unless both read the same out of the line; `ours` of bench_board.parsed(), theirs in V, A, Ah."""
    pack, (analog,) = ours
    said = (theirs.NumberOfModule, [round(1000 * volts) for volts in theirs.CellVoltages],
            round(1000 * theirs.Current), round(1000 * theirs.RemainingCapacity), theirs.CycleNumber)  # fmt: skip
    if said != (pack, list(analog.cells), analog.current, analog.remaining, analog.cycles):
        raise ValueError(f"the two do not read the same: {ours} and {theirs}")


def on_board(flash, line, count):
    """-> {"parsed": microseconds, "as_json": …} of bench_board.py on MicroPython, over what is deployed in `flash`.
    RuntimeError.
    """
    path = {"MICROPYPATH": str(flash), "PATH": os.environ["PATH"]}
    result = subprocess.run(
        [str(environment.micropython()), str(SCRIPT), line.decode(), str(count)], env=path, cwd=flash,
        capture_output=True, text=True, timeout=BOARD_TIMEOUT_S, check=False,
    )  # fmt: skip
    if result.returncode:
        raise RuntimeError(f"{SCRIPT.name} failed on MicroPython:\n{result.stdout}{result.stderr}")
    return {name: float(number) for name, number in (row.split() for row in result.stdout.splitlines())}


def times(rounds):
    """-> {name: microseconds of one reading, name + "_ratio": …}, medians of rounds in which all take turns.

    parsed, as_json: ours on CPython; theirs: python-pylontech's decode; board_parsed, board_as_json: ours on
    MicroPython. Ratios: theirs to ours on CPython, and MicroPython's to CPython's.
    """
    install_theirs()
    line = replies()[ANALOG_VALUES]
    table, decode = bench_board.pack_table(), their_decode(line)
    agree(bench_board.parsed(line), decode())
    with tempfile.TemporaryDirectory(prefix="bench-") as flash:
        layout.lay_out(flash)
        found = [_round(flash, line, table, decode) for _ in range(rounds)]
    return {name: median(one[name] for one in found) for name in found[0]}


def _round(flash, line, table, decode):
    took = {
        "theirs": bench_board.microseconds(decode, THEIRS_COUNT),
        "parsed": bench_board.microseconds(bench_board.parsed, OURS_COUNT, line),
        "as_json": bench_board.microseconds(bench_board.as_json, JSON_COUNT, line, table),
    }
    ratios = {f"{name}_ratio": took["theirs"] / took[name] for name in ("parsed", "as_json")}
    for name, us in on_board(flash, line, BOARD_COUNT).items():
        took[f"board_{name}"] = us
        ratios[f"board_{name}_ratio"] = us / took[name]
    return took | ratios
