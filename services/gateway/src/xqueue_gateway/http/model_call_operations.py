"""The operations that call models."""

from xqueue_common.registry.records import Role
from xqueue_gateway.http.model_calls import TaskStarted
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.submissions.model_calls import ImageOrder, SpeechForm

_SUBMITS = (400, 409, 413, 415, 422, 429, 503)

MODEL_CALL_OPERATIONS = (
    Operation(
        Role.SUBMIT,
        "draw_image",
        "POST",
        "/api/v1/image/async",
        "Have a picture drawn; the task's result_url leads to it",
        {202: TaskStarted},
        _SUBMITS,
        body=ImageOrder,
        keyed=True,
    ),
    Operation(
        Role.SUBMIT,
        "transcribe_speech",
        "POST",
        "/api/v1/speech/async",
        "Have audio transcribed; the task's result_url leads to the text, as JSON",
        {202: TaskStarted},
        _SUBMITS,
        body=SpeechForm,
        keyed=True,
        form=True,
    ),
)
