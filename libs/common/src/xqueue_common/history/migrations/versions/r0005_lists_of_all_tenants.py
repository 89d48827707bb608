"""2026-11-23: operators list the tasks of all tenants, the newest first.

The index is made in one go: some seconds for each million of tasks, during which nothing is written.
"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the index."""
    op.create_index("tasks_by_time", "tasks", ["created_ms", "task_id"], if_not_exists=True)
