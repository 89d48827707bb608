"""The calls on dead letters (api.md §2)."""

from collections.abc import Sequence
from urllib.parse import quote

import msgspec
from msgspec import Struct, UnsetType

from xqueue_client.answers import Page, Redriven, RedrivenTask, RejectedLetter
from xqueue_client.errors import NotFound
from xqueue_client.http.call import Call, reader
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
    query = [("limit", str(size)), *([("cursor", cursor)] if cursor else [])]
    return Call(method="GET", path=_path(queue), read=reader(Page), query=query)


def redrive(queue: str, task_ids: Sequence[str] | None) -> Call[Redriven]:
    """Run dead letters again."""
    body = None if task_ids is None else msgspec.json.encode({"task_ids": list(task_ids)})
    return Call(method="POST", path=f"{_path(queue)}/redrive", read=_redriven, body=body, takes_s=_TAKES_S)


def purge(queue: str) -> Call[None]:
    """Forget all dead letters."""
    return Call(method="DELETE", path=_path(queue), read=_nothing)


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


def _nothing(_body: bytes) -> None:
    """Read an answer that says nothing."""


def _path(queue: str) -> str:
    if queue in ("", ".", ".."):  # another path, once servers and proxies have tidied it up
        raise NotFound(404, f"there is no queue {queue!r}")
    return f"/api/v1/queues/{quote(queue, safe='')}/dead-letters"
