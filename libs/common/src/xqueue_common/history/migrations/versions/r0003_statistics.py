"""2026-11-23: counts and times of tasks by the hour, and counts of each tenant.

What the history holds is counted, but for how long tasks waited and ran: that begins with the next ones.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


_HOURS = """
INSERT INTO task_hours (tenant, hour_ms, queue, type, measure, bucket, tasks)
SELECT tenant, {at} - {at} % 3600000, queue, type, {measure}, 0, count(*) FROM tasks WHERE {at} IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
"""
_TOTALS = """
INSERT INTO task_totals (tenant, measure, tasks)
SELECT tenant, measure, sum(tasks) FROM task_hours GROUP BY tenant, measure
"""


def upgrade() -> None:
    """Make their tables, and count what is there."""
    _make()
    op.execute(_HOURS.format(at="created_ms", measure="'submitted'"))
    op.execute(_HOURS.format(at="finished_ms", measure="status"))
    op.execute(_TOTALS)


def _make() -> None:
    op.create_table(
        "task_hours",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("hour_ms", sa.BigInteger, primary_key=True),
        sa.Column("queue", sa.String(64), primary_key=True),
        sa.Column("type", sa.String(64), primary_key=True),
        sa.Column("measure", sa.String(16), primary_key=True),
        sa.Column("bucket", sa.SmallInteger, primary_key=True),
        sa.Column("tasks", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index("task_hours_by_hour", "task_hours", ["hour_ms"], if_not_exists=True)
    op.create_table(
        "task_totals",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("measure", sa.String(16), primary_key=True),
        sa.Column("tasks", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
