"""2026-11-23: the tables that releases before migrations made, as they made them.

In such a database all of it stands already: that is how one without a revision comes to have one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what is missing."""
    _tasks()
    _of_tasks()
    _logs_and_positions()


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.String(36), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("concurrency_key", sa.String(256)),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("finished_ms", sa.BigInteger),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        if_not_exists=True,
    )
    by = {"tasks_by_tenant": [], "tasks_by_status": ["status"], "tasks_by_queue": ["queue"]}
    for name, columns in by.items():
        op.create_index(name, "tasks", ["tenant", *columns, "created_ms", "task_id"], if_not_exists=True)
    ended = sa.text("finished_ms IS NOT NULL")
    op.create_index(
        "tasks_by_end", "tasks", ["finished_ms"], sqlite_where=ended, postgresql_where=ended, if_not_exists=True
    )


def _of_tasks() -> None:
    op.create_table(
        "labels",
        sa.Column("task_id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.String(256), nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("labels_by_value", "labels", ["name", "value", "task_id"], if_not_exists=True)
    op.create_table(
        "transitions",
        sa.Column("task_id", sa.String(36), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("worker", sa.String(256)),
        sa.Column("reason", sa.String(64)),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "retries",
        sa.Column("task_id", sa.String(36), primary_key=True),
        sa.Column("retried_as", sa.String(36), nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )


def _logs_and_positions() -> None:
    op.create_table(
        "logs",
        sa.Column("task_id", sa.String(36), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "positions",
        sa.Column("topic", sa.String(256), primary_key=True),
        sa.Column("partition", sa.SmallInteger, primary_key=True),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
