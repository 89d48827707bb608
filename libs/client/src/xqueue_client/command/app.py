"""The commands and their table."""

from collections.abc import Callable
from importlib.metadata import version

from cyclopts import App

from xqueue_client.command.artifacts import artifacts
from xqueue_client.command.audit import audit
from xqueue_client.command.dead import dead
from xqueue_client.command.exits import epilogue
from xqueue_client.command.keys import keys, token
from xqueue_client.command.limits import limits
from xqueue_client.command.logs import deliveries, logs
from xqueue_client.command.queues import queues
from xqueue_client.command.schedules import schedules
from xqueue_client.command.statistics import statistics
from xqueue_client.command.submit import submit
from xqueue_client.command.system import allocations, instances, stats
from xqueue_client.command.tasks import cancel, explain, get, history, list_tasks, priority, retry
from xqueue_client.command.waiting import wait
from xqueue_client.command.watch import watch
from xqueue_client.command.webhooks import webhooks

app = App(
    name="xqueue",
    help="Submit tasks to XQueue and see what becomes of them.",
    help_epilogue=epilogue(),
    help_format="plaintext",
    version=lambda: version("xqueue-client"),
    suppress_keyboard_interrupt=False,
)

tasks = App(name="tasks", help="The commands about tasks, by their full names.")

PARTS = (tasks, queues, limits, dead, schedules, artifacts, webhooks, keys)

_OF_TASKS: tuple[Callable[..., int], ...] = (
    *(submit, get, history, explain, logs, deliveries),
    *(cancel, retry, priority, wait, watch),
)
_OF_THE_SYSTEM: tuple[Callable[..., int], ...] = (stats, statistics, instances, allocations, audit, token)

for one in _OF_TASKS:
    app.command(one)
    tasks.command(one)
for table in (app, tasks):
    table.command(list_tasks, name="list")
for one in _OF_THE_SYSTEM:
    app.command(one)
for part in PARTS:
    app.command(part)
