"""The ready-made model calls over HTTP (api.md §2): ordinary tasks, with payloads that clients need not know."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp
from msgspec import Struct

from xqueue_common.clock import Clock
from xqueue_common.lifecycle import Status
from xqueue_gateway import metrics
from xqueue_gateway.access.caller import Caller, caller_of
from xqueue_gateway.artifacts.incoming import Incoming
from xqueue_gateway.artifacts.speech import SpeechIntake
from xqueue_gateway.http.answers import Answer, answer
from xqueue_gateway.http.body import read_body, require_json
from xqueue_gateway.http.receipts import headers_of
from xqueue_gateway.problems import Problem
from xqueue_gateway.settings import Settings
from xqueue_gateway.submissions.model_calls import (
    image_submission,
    read_image,
    speech_seal,
    speech_submission,
)
from xqueue_gateway.submissions.reading import Rules, checked
from xqueue_gateway.submissions.submission import Submission
from xqueue_gateway.tasks.drafting import Order
from xqueue_gateway.tasks.receipts import Receipt
from xqueue_gateway.tasks.submitter import Submitter

Req = Request[Any, Any, Any]

_MOST_BYTES = 256 * 1024
_SERVER_ERROR = 500


class TaskStarted(Struct, frozen=True):
    """A task that will have a ``result_url``; ``Location`` says where it is."""

    task_id: str
    status: Status


@dataclass(frozen=True, kw_only=True)
class ModelCallEndpoints:
    """One method an operation."""

    submitter: Submitter
    speech: SpeechIntake
    clock: Clock
    rules: Rules

    async def draw_image(self, request: Req) -> ASGIApp:
        """Accept a picture to draw."""
        caller = caller_of(request.scope)
        require_json(request.scope)
        body = await read_body(request, _MOST_BYTES)
        try:
            order = image_submission(read_image(body))
        except Problem:
            metrics.REJECTED.inc()
            raise
        return _started(await self._submit(order, caller))

    async def transcribe_speech(self, request: Req) -> ASGIApp:
        """Accept audio to transcribe."""
        caller = caller_of(request.scope)
        try:
            spoken = await self.speech.take(request, caller.tenant)
        except Problem:
            metrics.REJECTED.inc()
            raise
        order = speech_submission(spoken.order, spoken.audio.id)
        try:
            receipt = await self._submit(order, caller, speech_seal(spoken.order, spoken.sha256))
        except Problem as problem:
            # Of an unknown outcome there may be a task that needs it.
            if problem.kind.status < _SERVER_ERROR:
                await self.speech.forget(spoken.audio)
            raise
        if receipt.replayed:  # its task has the audio that came first
            await self.speech.forget(spoken.audio)
        return _started(receipt)

    async def _submit(self, submission: Submission, caller: Caller, seal: str | None = None) -> Receipt:
        try:
            checked(submission, self.rules, self.clock.now_ms())
        except Problem:
            metrics.REJECTED.inc()
            raise
        (outcome,) = await self.submitter.submit([Order(submission, caller.tenant, caller.key, caller.trace, seal)])
        if isinstance(outcome, Problem):
            raise outcome
        return outcome


def model_calls(settings: Settings, submitter: Submitter, incoming: Incoming, clock: Clock) -> ModelCallEndpoints:
    """Return what serves them."""
    return ModelCallEndpoints(
        submitter=submitter,
        speech=SpeechIntake(incoming, max_bytes=settings.max_audio_bytes),
        clock=clock,
        rules=Rules(settings.max_payload_bytes, settings.webhook_allow_private),
    )


def _started(receipt: Receipt) -> Answer:
    found = receipt.found
    return answer(TaskStarted(found.spec.task_id, found.state.status), 202, headers_of(receipt))
