"""`python3 tools/simulator` and `python3 -m tools.simulator`: the simulated battery as a process."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.simulator.cli import main

sys.exit(main())
