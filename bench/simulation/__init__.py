"""A simulator of a cell with thousands of tenants, for a look at a policy over hours without running anything.

Shared with the model that the scheduler is tested against (`tests/support/scheduler/fold/`, `shares.py` and
`share.py`): all of POLICY.md's "Fair shares": lifts, clocks, what a grant and the end of an attempt do to a flow,
cost, estimates, when a flow is forgotten. Not shared: the model scans all tasks at each grant, here stand heaps
around the same shares (`fair.py`); a test drives both through random histories and compares their grants
(`tests/unit/scheduler/fold/test_simulation.py`).

Left out: limits, rates and pauses, reorders, resources (each attempt takes one slot, every worker serves all),
ageing, the time that calls and messages take, the wait for a claim. Each event is a call of its own.

| file | holds |
|---|---|
| `workload` | tenants, and what they submit when |
| `policies` | first come, first served; the same by priority |
| `fair` | ours |
| `cluster` | workers and their slots |
| `engine` | what happens, in the order of time |
| `meter` | what is measured meanwhile |
| `tables`, `plots` | what is shown |
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # where the share functions are
