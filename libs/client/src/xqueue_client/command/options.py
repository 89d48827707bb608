"""Options that several commands have."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from xqueue_client.address import checked, find_key, find_url
from xqueue_client.client import Client
from xqueue_client.command.exits import Misused
from xqueue_client.command.operator import operators_key
from xqueue_client.command.output import Output
from xqueue_client.snapshot import Status
from xqueue_client.submission import Resources, TaskOptions, Webhook

_PATIENCE_S = 2.0
"""How long to try when nobody answers: somebody sits and waits."""

_PLAIN = ("max_retry", "process_timeout", "model", "on_failure")

EVERYBODY = "*"
"""The tenant of operators."""

Seconds = Annotated[float, Parameter(validator=Number(gte=0))]
Label = Annotated[tuple[str, ...], Parameter(name="--label", negative="", show_default=False)]
Names = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]
Statuses = Annotated[tuple[Status, ...], Parameter(negative="", show_default=False)]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command takes.

    Attributes:
        url: The gateway. Left out: of the system in XQ_STATE_DIR or ./.xqueue, else http://127.0.0.1:8080.
        tenant: Whose tasks, where the gateway asks for no API key (XQ_API_KEY).
        json: Print JSON for programs, one document a line.
    """

    url: Annotated[str | None, Parameter(env_var="XQ_URL")] = None
    tenant: Annotated[str | None, Parameter(env_var="XQ_TENANT")] = None
    json: Annotated[bool, Parameter(negative="")] = False

    def connect(self) -> Client:
        """Return the client to use."""
        return Client(self.url, tenant=self.tenant, retry_for=_PATIENCE_S)

    def connect_as_operator(self) -> Client:
        """Return the client for who looks after an installation.

        Without an API key of the caller's it is the operator, if the installation is one of this machine.

        Raises:
            Misused: there is a key of the operator's, but it cannot be read.
        """
        url = checked(self.url or find_url())
        tenant = None if self.tenant == EVERYBODY else self.tenant
        return Client(url, tenant=tenant, api_key=find_key() or operators_key(url), retry_for=_PATIENCE_S)

    @property
    def output(self) -> Output:
        """Where to print."""
        return Output(json=self.json)


COMMON = Common()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TaskFlags:
    """What can be said about a task.

    Attributes:
        queue: Its queue; without one `default`.
        priority: 0 to 255, higher runs first.
        concurrency_key: Tasks with the same key share a limit.
        max_concurrency: How many of that key may run at once.
        weight: The share of that key, 0.001 to 1000.
        delay: Not before so many seconds from now.
        run_at: Not before this time, such as 2030-01-31T12:00:00Z.
        max_retry: How many failed attempts are tried again.
        queue_timeout: Seconds that it may wait for a slot, or none.
        process_timeout: Seconds that an attempt may run.
        label: NAME=VALUE, to find it by; repeatable.
        model: The model that it needs.
        gpu_memory_mb: The GPU memory that it needs.
        slots: The slots of its worker that it takes.
        webhook: Whom to call when it ends.
        depends_on: A task that must end first; repeatable.
        on_failure: What to do if one of those does not succeed; cancel is the default.
    """

    queue: str | None = None
    priority: int | None = None
    concurrency_key: Annotated[str | None, Parameter(name=["--concurrency-key", "--key"])] = None
    max_concurrency: int | None = None
    weight: float | None = None
    delay: float | None = None
    run_at: datetime | None = None
    max_retry: int | None = None
    queue_timeout: float | Literal["none"] | None = None
    process_timeout: float | None = None
    label: Label = ()
    model: str | None = None
    gpu_memory_mb: int | None = None
    slots: int | None = None
    webhook: str | None = None
    depends_on: Names = ()
    on_failure: Literal["cancel", "run"] | None = None

    def options(self) -> TaskOptions:
        """Return what was given, as the SDK takes it.

        Raises:
            Misused: a label is none.
        """
        plain = ("queue", "priority", "concurrency_key", "max_concurrency", "weight", "delay", "run_at")
        fields: dict[str, Any] = {
            **{name: getattr(self, name) for name in (*plain, *_PLAIN)},
            "depends_on": list(self.depends_on) or None,
            "labels": labels(self.label) or None,
            "resources": self._resources(),
            "webhook": Webhook(self.webhook) if self.webhook else None,
            "queue_timeout": self.queue_timeout,
        }
        said = {name: value for name, value in fields.items() if value is not None}
        options: Any = {**said, "queue_timeout": None} if self.queue_timeout == "none" else said
        chosen: TaskOptions = options
        return chosen

    def _resources(self) -> Resources | None:
        if self.gpu_memory_mb is None and self.slots is None:
            return None
        return Resources(gpu_memory_mb=self.gpu_memory_mb or 0, slots=1 if self.slots is None else self.slots)


def labels(texts: tuple[str, ...]) -> dict[str, str]:
    """Return labels that were written as NAME=VALUE.

    Raises:
        Misused: one is not.
    """
    pairs = [text.partition("=") for text in texts]
    if wrong := [name for name, sign, _ in pairs if not (name and sign)]:
        message = f"--label: {wrong[0]!r} is no label: write NAME=VALUE"
        raise Misused(message)
    return {name: value for name, _, value in pairs}


def check_named(task_ids: tuple[str, ...]) -> None:
    """Refuse to do nothing.

    Raises:
        Misused: no task is named.
    """
    if not task_ids:
        message = "TASK-IDS: name at least one task"
        raise Misused(message)


def given(**wanted: Any) -> Any:
    """Return what of a filter was given."""
    return {name: value for name, value in wanted.items() if value}
