"""2026-11-23: what payloads say, to be searched; filled from the log of commands, as far as that reaches."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "payload_fields",
        sa.Column("task_id", sa.String(36), primary_key=True),
        sa.Column("path", sa.String(256), primary_key=True),
        sa.Column("value", sa.String(256), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    columns = ["path", "value", "task_id"]
    op.create_index("payload_fields_by_value", "payload_fields", columns, if_not_exists=True)
