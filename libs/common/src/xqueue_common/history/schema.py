"""The tables of the history, for SQLite and PostgreSQL alike. Times are ms since 1970, JSON is text.

Whoever changes them adds a revision (``migrations/``). Every version is an insert or two and, at most, one update:
keep the indexes few. Tables of small rows with a primary key of several columns are ``WITHOUT ROWID`` in SQLite,
else it would keep each row twice.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text, text

metadata = MetaData()

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", String(36), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("concurrency_key", String(256)),
    Column("created_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    Column("spec", Text, nullable=False, doc="TaskSpec as JSON"),
    Column("state", Text, nullable=False, doc="TaskState as JSON"),
    Index("tasks_by_tenant", "tenant", "created_ms", "task_id"),
    Index("tasks_by_status", "tenant", "status", "created_ms", "task_id"),
    Index("tasks_by_queue", "tenant", "queue", "created_ms", "task_id"),
    Index("tasks_by_time", "created_ms", "task_id"),  # for operators, who list the tasks of all tenants
    # Open tasks stay out of it: retention and statistics ask for ended ones only.
    Index(
        "tasks_by_end",
        "finished_ms",
        sqlite_where=text("finished_ms IS NOT NULL"),
        postgresql_where=text("finished_ms IS NOT NULL"),
    ),
)
"""The latest version of each task."""

labels = Table(
    "labels",
    metadata,
    Column("task_id", String(36), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", String(256), nullable=False),
    Index("labels_by_value", "name", "value", "task_id"),
    sqlite_with_rowid=False,
)

payload_fields = Table(
    "payload_fields",
    metadata,
    Column("task_id", String(36), primary_key=True),
    Column("path", String(256), primary_key=True, doc="names with dots between; elements of a list have its path"),
    Column("value", String(256), primary_key=True, doc="as text"),
    Column("at_ms", BigInteger, nullable=False, doc="when the submission was appended to the log"),
    Index("payload_fields_by_value", "path", "value", "task_id"),
    sqlite_with_rowid=False,
)
"""What payloads say, to be searched. Rows may stand here before their task does, and, of a submission that was
refused later on, without it until retention sweeps them."""

transitions = Table(
    "transitions",
    metadata,
    Column("task_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("worker", String(256)),
    Column("reason", String(64)),
    sqlite_with_rowid=False,
)
"""Every version that a task went through."""

retries = Table(
    "retries",
    metadata,
    Column("task_id", String(36), primary_key=True),
    Column("retried_as", String(36), nullable=False),
    sqlite_with_rowid=False,
)
"""Tasks that were run again, and the first task that did so: what stands here is a dead letter no more."""

logs = Table(
    "logs",
    metadata,
    Column("task_id", String(36), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True, doc="grows within the attempt"),
    Column("at_ms", BigInteger, nullable=False),
    Column("level", String(16), nullable=False),
    Column("message", Text, nullable=False),
)
"""What the handlers logged. A line may stand here before its task does, or without it for a short while."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(64), primary_key=True, doc="the webhook-id: the same at every try"),
    Column("task_id", String(36), nullable=False),
    Column("tenant", String(64), nullable=False, doc="of the task"),
    Column("subscription_id", String(64), doc="NULL: the task's own webhook"),
    Column("event", String(16), nullable=False),
    Column("url", Text, nullable=False),
    Column("state", String(16), nullable=False, doc="waiting, delivered or failed"),
    Column("attempts", Integer, nullable=False, doc="so far"),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, doc="when it is tried again; NULL when it is not"),
    Column("record", Text, nullable=False, doc="the latest record as JSON: body, tries, answers"),
    Index("deliveries_by_task", "task_id", "created_ms"),
    Index("deliveries_by_subscription", "subscription_id", "created_ms"),
    Index("deliveries_by_age", "created_ms"),
)
"""Webhooks told, waiting to be told again, or given up."""

audit = Table(
    "audit",
    metadata,
    Column("audit_id", String(36), primary_key=True, doc="a UUIDv7"),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("actor_tenant", String(64), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("target", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("address", String(64), nullable=False),
    Index("audit_by_tenant", "tenant", "at_ms", "audit_id"),
    Index("audit_by_age", "at_ms", "audit_id"),
)
"""Administrative acts."""

task_hours = Table(
    "task_hours",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("hour_ms", BigInteger, primary_key=True, doc="when the hour began"),
    Column("queue", String(64), primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("measure", String(16), primary_key=True, doc="submitted, a terminal status, wait or run"),
    Column("bucket", SmallInteger, primary_key=True, doc="of a wait or run time, see ``times``; else 0"),
    Column("tasks", BigInteger, nullable=False),
    Index("task_hours_by_hour", "hour_ms"),
    sqlite_with_rowid=False,
)
"""How many tasks were submitted and ended within an hour, and how long they had waited and run.

Counted in the transaction that records them first, and kept longer than they are.
"""

task_totals = Table(
    "task_totals",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("measure", String(16), primary_key=True, doc="submitted, or a terminal status"),
    Column("tasks", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The same since the history began, of each tenant."""

positions = Table(
    "positions",
    metadata,
    Column("topic", String(256), primary_key=True),
    Column("partition", SmallInteger, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False, doc="when the last record applied was made"),
)
"""How far the history has followed each log; written in the transaction that applied the records."""
