"""The ready-made model calls, as clients write them, and the submissions that they stand for."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct, UnsetType, structs

from xqueue_common.codec import encode
from xqueue_common.names import (
    ConcurrencyKey,
    Labels,
    MaxConcurrency,
    MaxRetry,
    ModelName,
    Priority,
    QueueName,
    Weight,
)
from xqueue_gateway.submissions.form import Form
from xqueue_gateway.submissions.spec import fingerprint
from xqueue_gateway.submissions.submission import HINTS as TASK_HINTS
from xqueue_gateway.submissions.submission import Delay, Submission, Timeout, WebhookOrder

Side = Annotated[int, Meta(ge=16, le=4096)]
Prompt = Annotated[str, Meta(min_length=1, max_length=4000)]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", max_length=35)]


class TaskOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What can be said of any task."""

    queue: QueueName = "default"
    priority: Priority | UnsetType = msgspec.UNSET
    max_retry: MaxRetry | UnsetType = msgspec.UNSET
    queue_timeout: Timeout | UnsetType | None = msgspec.UNSET
    process_timeout: Timeout | UnsetType = msgspec.UNSET
    concurrency_key: ConcurrencyKey | None = None
    max_concurrency: MaxConcurrency | None = None
    weight: Weight | None = None
    delay: Delay | None = None
    webhook: WebhookOrder | None = None
    labels: Labels | None = None


class ImageOrder(TaskOptions, frozen=True, kw_only=True):
    """A picture to draw; what is left out of size, steps and seed is up to the server."""

    prompt: Prompt
    negative_prompt: Prompt | None = None
    width: Side | None = None
    height: Side | None = None
    steps: Annotated[int, Meta(ge=1, le=1000)] | None = None
    seed: Annotated[int, Meta(ge=0, lt=1 << 53)] | None = None
    model: ModelName | None = None


class SpeechOrder(TaskOptions, frozen=True, kw_only=True):
    """What goes with audio to transcribe; ``language`` (``en``) if it is known."""

    language: Language | None = None


class SpeechForm(SpeechOrder, frozen=True, kw_only=True):
    """The fields of the form; ``audio`` is a file."""

    audio: Annotated[str, Meta(extra_json_schema={"format": "binary"})]


HINTS = {
    **{name: TASK_HINTS[name] for name in TaskOptions.__struct_fields__},
    "prompt": "a text of 1 to 4000 characters",
    "negative_prompt": "a text of 1 to 4000 characters",
    "width": "a whole number from 16 to 4096",
    "height": "a whole number from 16 to 4096",
    "steps": "a whole number from 1 to 1000",
    "seed": "a whole number from 0 to 9007199254740991",
    "model": TASK_HINTS["model"],
    "language": "a language tag like en or pt-BR",
    "audio": "one file of audio, such as WAV, FLAC, OGG or MP3: curl -F audio=@file.wav",
}
"""What each field takes, in words for whoever got it wrong."""

read_image = Form(ImageOrder, HINTS).read
_read_speech = Form(SpeechOrder, HINTS).read_text

_TEXTS = ("language", "queue", "concurrency_key")


def read_speech(fields: dict[str, str]) -> SpeechOrder:
    """Return what the text fields of a form say: numbers, and objects as JSON.

    Raises:
        Problem: 422 fields that break a rule, all of them by name.
    """
    return _read_speech(encode({name: _json(name, text) for name, text in fields.items()}).decode())


def _json(name: str, text: str) -> Raw:
    if name not in _TEXTS:
        try:
            msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            pass  # a text where a number should be is told as such
        else:
            return Raw(text.encode())
    return Raw(encode(text))


def image_submission(order: ImageOrder) -> Submission:
    """Return the task that draws it."""
    return _submission("image.generate", _own(order, ImageOrder), order)


def speech_submission(order: SpeechOrder, audio: str) -> Submission:
    """Return the task that transcribes the artifact ``audio``."""
    return _submission("speech.transcribe", {"audio": audio, **_own(order, SpeechOrder)}, order)


def speech_seal(order: SpeechOrder, sha256: str) -> str:
    """Return what is the same when the same is sent again: its audio is another artifact of the same bytes."""
    return fingerprint(speech_submission(order, f"sha256:{sha256}"))


def _own(order: TaskOptions, wanted: type[TaskOptions]) -> dict[str, Any]:
    names = (name for name in wanted.__struct_fields__ if name not in TaskOptions.__struct_fields__)
    return {name: value for name in names if (value := getattr(order, name)) is not None}


def _submission(task_type: str, payload: dict[str, Any], order: TaskOptions) -> Submission:
    options = {name: getattr(order, name) for name in TaskOptions.__struct_fields__}
    return structs.replace(Submission(task_type, Raw(encode(payload))), **options)
