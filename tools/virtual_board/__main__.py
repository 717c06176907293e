"""`python3 tools/virtual_board --flash DIR [--uart PTY]`: a board whose flash is the directory DIR."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools import environment


def main():
    parser = argparse.ArgumentParser(prog="virtual_board", description=__doc__)
    parser.add_argument("--flash", required=True, help="directory that is the board's flash")
    parser.add_argument("--uart", help="tty or pty that hangs on the board's serial port")
    parser.add_argument("--heap", default="80k", help="MicroPython's heap (default 80k)")
    parser.add_argument("--micropython", help="another interpreter (default: the installed unix port)")
    parser.add_argument("--state", help="directory of what survives a reset (default: a temporary one)")
    options = parser.parse_args()
    if not Path(options.flash).is_dir():
        parser.error(f"--flash {options.flash}: no such directory")
    environment.ensure()

    from tools.virtual_board.runner import Board

    def show(line):
        print(line, flush=True)

    try:
        board = Board(options.flash, options.uart, options.micropython, options.heap, options.state, stdout=show)
    except environment.SetupError as error:
        sys.exit(str(error))
    with board:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        board.start()
        try:
            return board.wait()
        except KeyboardInterrupt:
            return board.stop()


if __name__ == "__main__":
    sys.exit(main())
