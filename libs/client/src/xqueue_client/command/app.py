"""The commands and their table."""

from importlib.metadata import version

from cyclopts import App

from xqueue_client.command.artifacts import artifacts
from xqueue_client.command.dead import dead
from xqueue_client.command.exits import epilogue
from xqueue_client.command.limits import limits
from xqueue_client.command.queues import queues
from xqueue_client.command.schedules import schedules
from xqueue_client.command.submit import submit
from xqueue_client.command.system import allocations, instances, stats
from xqueue_client.command.tasks import cancel, explain, get, history, list_tasks, priority, retry
from xqueue_client.command.waiting import wait
from xqueue_client.command.watch import watch

app = App(
    name="xqueue",
    help="Submit tasks to XQueue and see what becomes of them.",
    help_epilogue=epilogue(),
    help_format="plaintext",
    version=lambda: version("xqueue-client"),
    suppress_keyboard_interrupt=False,
)

for command in (submit, get, history, explain, cancel, retry, priority, wait, watch, stats, instances, allocations):
    app.command(command)
for part in (queues, limits, dead, schedules, artifacts):
    app.command(part)
app.command(list_tasks, name="list")
