"""The whole fold of a cell as a model: plain data, full scans, written from POLICY.md and PROTOCOL.md alone.

Walks make the same calls on a `FoldCell` and on the cell in Redis, and compare what `views` tells with what is read
there. The model knows nothing of Redis, indexes, tokens or logs.

| file | holds |
|---|---|
| `state` | the data: tasks, offers, settings |
| `shares`, `share` | fair shares: pure functions; flows, clocks, lifts (the simulator in `bench` uses the same) |
| `limits` | room, rates, weights |
| `ready` | what may run, and which of it comes next |
| `offers` | which worker gets it, and whose slot that is |
| `granting` | what a grant does |
| `attempts` | what reports and timers do |
| `commands`, `settings` | what clients and operators ask for |
| `forgetting` | what is dropped at the end of a call, and when Redis is lost |
| `cell` | one call after the other |
| `views` | what there is to compare |

And for the walks:

| file | holds |
|---|---|
| `steps` | random histories, as data |
| `walker`, `worker` | a history step by step |
| `bareground`, `worldground` | where: a bare cell; logs on paper with schedulers |
| `following` | the model beside the calls |
| `reading` | what Redis holds |
| `comparing`, `vows` | that it is the same; what is promised whatever the model says |
| `running`, `shrinking` | many histories by their seeds; a shorter one that fails likewise |

A clock that went and never moved counts as one that has never gone (`shares.restart`): both stand at 0.
"""

from support.scheduler.fold.cell import FoldCell
from support.scheduler.fold.state import Fold, Grant, Heard, Offer, Task

__all__ = ["Fold", "FoldCell", "Grant", "Heard", "Offer", "Task"]
