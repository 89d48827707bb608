"""Lets tests import the simulator, which is no package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "bench"))
