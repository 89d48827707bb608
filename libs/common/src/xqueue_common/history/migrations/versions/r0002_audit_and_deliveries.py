"""2026-11-23: administrative acts, and webhooks told."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make their tables."""
    _audit()
    _deliveries()


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.String(36), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("actor_tenant", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        if_not_exists=True,
    )
    op.create_index("audit_by_tenant", "audit", ["tenant", "at_ms", "audit_id"], if_not_exists=True)
    op.create_index("audit_by_age", "audit", ["at_ms", "audit_id"], if_not_exists=True)


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(64), primary_key=True),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("subscription_id", sa.String(64)),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger),
        sa.Column("record", sa.Text, nullable=False),
        if_not_exists=True,
    )
    by = {
        "task": ["task_id", "created_ms"],
        "subscription": ["subscription_id", "created_ms"],
        "age": ["created_ms"],
    }
    for what, columns in by.items():
        op.create_index(f"deliveries_by_{what}", "deliveries", columns, if_not_exists=True)
