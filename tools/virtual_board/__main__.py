"""`python3 tools/virtual_board --flash DIR [--uart PTY]`: a board whose flash is the directory DIR.

Its first line is the pty of its serial port, for mpremote or a terminal; then comes what the board prints. SIGUSR1 cuts
the power for a moment, whatever the board is just doing; Ctrl-C or SIGTERM ends it.
"""

import contextlib
import queue
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools import environment, options

LOOK_S = 0.2  # whether the interpreter has ended by itself


def main():
    """-> exit status: 0 when it was ended by a signal, 1 when the interpreter ended by itself."""
    parser = options.parser("virtual_board", __doc__)
    parser.add_argument("--flash", required=True, help="directory that is the board's flash")
    parser.add_argument("--uart", help="tty or pty that hangs on the board's UART, where the battery is")
    parser.add_argument("--heap", default="chip", help="MicroPython's heap, such as 120k (default: chip, as an ESP32)")
    parser.add_argument("--speed", type=int, default=1, help="how many times as fast its clock goes (default 1)")
    given = parser.parse_args()
    if not Path(given.flash).is_dir():
        parser.error(f"--flash {given.flash}: no such directory")
    environment.ensure()

    from tools.virtual_board.runner import Board

    try:
        board = Board(given.flash, given.uart, None, given.heap, stdout=show, repl=True, speed=given.speed)
    except (ValueError, environment.SetupError) as error:
        sys.exit(str(error))
    with board:
        show(board.port)
        return run(board)


def run(board):
    """Switch the board on, until the end is ordered, or the interpreter ends -> exit status."""
    orders = queue.SimpleQueue()
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: orders.put(number))
    order = signal.SIGUSR1
    while order == signal.SIGUSR1:
        board.power_cut()
        board.start()
        order = None
        while order is None and board.status is None:
            with contextlib.suppress(queue.Empty):
                order = orders.get(timeout=LOOK_S)
    return int(order is None)


def show(line):
    """A line of the console."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
