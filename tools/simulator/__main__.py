"""`python3 tools/simulator` and `python3 -m tools.simulator`: the simulated battery as a process."""

import sys
from pathlib import Path

if __package__:
    from .cli import main
else:  # run by its directory: the package is then found beside it, and not its modules one by one
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from simulator.cli import main

sys.exit(main())
