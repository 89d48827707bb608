"""Pictures, made by the servers of the pool ``image``."""

from typing import Annotated

from msgspec import Meta, Struct, to_builtins

from xqueue_common.artifacts import Artifact
from xqueue_worker.backends import BackendRefused, backend
from xqueue_worker.context import Context
from xqueue_worker.handler import task

POOL = "image"
PATH = "/generate"

Side = Annotated[int, Meta(ge=16, le=4096)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]


class Wish(Struct, omit_defaults=True):
    """What to draw; what is left out is up to the server."""

    prompt: Text
    negative_prompt: Text | None = None
    width: Side | None = None
    height: Side | None = None
    steps: Annotated[int, Meta(ge=1, le=1000)] | None = None
    seed: Annotated[int, Meta(ge=0, lt=1 << 53)] | None = None
    model: Annotated[str, Meta(min_length=1, max_length=256)] | None = None


@task("image.generate")
async def generate(ctx: Context, payload: Wish) -> Artifact | None:
    """Return the picture, as an artifact.

    Raises:
        BackendUnavailable: no server can draw now.
        BackendRefused: they will not draw this, or answer something that is no picture.
    """
    images = backend(POOL, ctx)
    wish = {**images.settings.fields, **to_builtins(payload)}
    answer = await images.post(images.settings.path or PATH, json=wish, idempotent=True)
    if not answer.content_type.startswith("image/"):
        msg = f"{answer.server} answered {answer.content_type or 'something'} instead of a picture"
        raise BackendRefused(msg, status=answer.status)
    async with ctx.artifact(content_type=answer.content_type, name=f"image.{_ending(answer.content_type)}") as file:
        await file.write(answer.body)
    return file.artifact


def _ending(content_type: str) -> str:
    return content_type.removeprefix("image/").partition("+")[0].replace("jpeg", "jpg")
