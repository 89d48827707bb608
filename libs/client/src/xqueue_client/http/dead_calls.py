"""The calls on dead letters (api.md §2)."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct, UnsetType

from xqueue_client.answers import Page, Redriven, RedrivenTask, RejectedLetter
from xqueue_client.http.call import Call, nothing, reader
from xqueue_client.http.paging import place
from xqueue_client.http.paths import path_of
from xqueue_client.http.problems import ProblemDetails, refusal

_TAKES_S = 50.0
"""A thousand letters are read from the log one by one."""


class _Item(Struct, frozen=True):
    task_id: str
    retry_of: str | UnsetType = msgspec.UNSET
    error: ProblemDetails | UnsetType = msgspec.UNSET


class _Answer(Struct, frozen=True):
    remaining: int
    items: list[_Item]


_answer = msgspec.json.Decoder(_Answer)


def page(queue: str, cursor: str | None, size: int) -> Call[Page]:
    """List a page of dead letters."""
    return Call(method="GET", path=_path(queue), read=reader(Page), query=place(cursor, size))


def redrive(queue: str, task_ids: Sequence[str] | None) -> Call[Redriven]:
    """Run dead letters again."""
    body = None if task_ids is None else msgspec.json.encode({"task_ids": list(task_ids)})
    return Call(method="POST", path=f"{_path(queue)}/redrive", read=_redriven, body=body, takes_s=_TAKES_S)


def purge(queue: str) -> Call[None]:
    """Forget all dead letters."""
    return Call(method="DELETE", path=_path(queue), read=nothing)


def _redriven(body: bytes) -> Redriven:
    answer = _answer.decode(body)
    return Redriven(
        [RedrivenTask(item.task_id, item.retry_of) for item in answer.items if isinstance(item.retry_of, str)],
        [
            RejectedLetter(item.task_id, refusal(item.error))
            for item in answer.items
            if isinstance(item.error, ProblemDetails)
        ],
        answer.remaining,
    )


def _path(queue: str) -> str:
    return f"{path_of('/api/v1/queues', 'queue', queue)}/dead-letters"
