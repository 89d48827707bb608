"""What a handler returned, with a result that is too large for the task put into an artifact."""

from xqueue_common.artifacts import Artifact
from xqueue_common.errors import ArtifactTooLarge, Unavailable
from xqueue_worker import outcome
from xqueue_worker.artifacts.writing import Writing
from xqueue_worker.context import Context
from xqueue_worker.outcome import Ending

_JSON = "application/json"


async def of(ctx: Context, value: object) -> Ending:
    """Return the ending of a handler that returned ``value``."""
    ending = outcome.of_result(value)
    if not _is_large(ctx, ending):
        return ending
    try:
        async with ctx.artifact(content_type=_JSON) as file:
            await file.write(ending.result or b"")
    except (ArtifactTooLarge, Unavailable) as error:
        return _refused(ctx, ending, error)
    return _stored(file)


def of_here(ctx: Context, value: object) -> Ending:
    """Do as ``of``, in this thread."""
    ending = outcome.of_result(value)
    if not _is_large(ctx, ending):
        return ending
    writing = ctx.artifact(content_type=_JSON)
    try:
        with writing as file:
            file.write(ending.result or b"")
    except (ArtifactTooLarge, Unavailable) as error:
        return _refused(ctx, ending, error)
    return _stored(writing)


def _is_large(ctx: Context, ending: Ending) -> bool:
    return ending.result is not None and len(ending.result) > ctx.keeping().inline_bytes


def _refused(ctx: Context, ending: Ending, error: ArtifactTooLarge | Unavailable) -> Ending:
    size, keeping = len(ending.result or b""), ctx.keeping()
    if isinstance(error, ArtifactTooLarge):
        return outcome.too_large(size, f"{error.limit} are allowed by XQ_ARTIFACT_MAX_BYTES")
    if not keeping.store.configured:
        allowed = f"{keeping.inline_bytes} are allowed where XQ_ARTIFACTS_URL names no store for larger ones"
        return outcome.too_large(size, allowed)
    return outcome.of_error(error)


def _stored(writing: Writing) -> Ending:
    assert isinstance(writing.artifact, Artifact)  # noqa: S101  # its block was left without an exception
    return Ending(artifact=writing.artifact.id)
