"""The ready-made handlers, against servers that do as the test says."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web
from integration.worker.model_servers import Behaviour, ModelServer, answering, pool_of, serving

from xqueue_worker import Context, task
from xqueue_worker.backends import Answer, backend
from xqueue_worker.handlers import image, speech
from xqueue_worker.testing import HeldArtifacts, TaskRun, run_task_async

PICTURE = b"\x89PNG not to be looked at"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with serving(1) as [running]:
        yield running


@pytest.fixture
def artifacts() -> HeldArtifacts:
    return HeldArtifacts()


def drawing(content_type: str) -> Behaviour:
    async def draw(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=PICTURE, content_type=content_type)

    return draw


async def drawn(server: ModelServer, artifacts: HeldArtifacts, **wish: object) -> TaskRun:
    async with pool_of([server], name="image", fields={"sampler": "quick"}):
        return await run_task_async(image.generate, {"prompt": "a fox", **wish}, artifacts=artifacts)


async def heard(server: ModelServer, artifacts: HeldArtifacts, audio: str, **more: object) -> TaskRun:
    async with pool_of([server], name="speech", path="/v1/audio/transcriptions", fields={"model": "tiny"}):
        return await run_task_async(speech.transcribe, {"audio": audio, **more}, artifacts=artifacts)


async def test_a_picture_becomes_an_artifact(server: ModelServer, artifacts: HeldArtifacts) -> None:
    server.behaves = drawing("image/png")

    run = await drawn(server, artifacts, width=64, seed=7)

    assert run.status == "success", run.error
    assert run.artifact is not None
    assert (run.artifact.content_type, run.artifact.name) == ("image/png", "image.png")
    assert artifacts.read(run.artifact.id) == PICTURE
    assert msgspec.json.decode(server.bodies[0]) == {
        "sampler": "quick",
        "prompt": "a fox",
        "width": 64,
        "seed": 7,
    }


async def test_what_is_no_picture_fails(server: ModelServer, artifacts: HeldArtifacts) -> None:
    run = await drawn(server, artifacts)

    assert run.error is not None
    assert (run.status, run.error.kind) == ("failed", "backend_refused")
    assert "answered text/plain instead of a picture" in run.error.message


async def test_the_words_of_a_server_that_refuses_are_the_tasks_error(
    server: ModelServer, artifacts: HeldArtifacts
) -> None:
    server.behaves = answering(422, "width: too wide")

    run = await drawn(server, artifacts)

    assert run.error is not None
    assert (run.error.kind, run.error.retryable) == ("backend_refused", False)
    assert run.error.message.endswith("answered 422: width: too wide")


async def test_audio_is_sent_as_a_form_and_again_from_its_beginning_to_the_next_server(
    artifacts: HeldArtifacts,
) -> None:
    audio = artifacts.put(b"la" * 300_000, content_type="audio/wav", name="song.wav")
    forms: list[dict[str, object]] = []

    async def listen(request: web.Request) -> web.StreamResponse:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        forms.append({**form, "file": (file.filename, file.content_type, file.file.read())})
        return web.json_response({"text": "la la", "segments": []}) if len(forms) == 2 else web.Response(status=500)

    async with serving(2) as servers:
        for server in servers:
            server.behaves = listen
            server.reads = False
        async with pool_of(servers, name="speech", fields={"model": "tiny"}):
            payload = {"audio": audio.id, "language": "en"}
            run = await run_task_async(speech.transcribe, payload, artifacts=artifacts)

    assert run.status == "success", run.error
    assert run.artifact is not None
    assert run.artifact.content_type == "application/json"
    assert msgspec.json.decode(artifacts.read(run.artifact.id)) == {"text": "la la", "segments": []}
    expected = {"model": "tiny", "language": "en", "file": ("song.wav", "audio/wav", b"la" * 300_000)}
    assert forms == [expected, expected]


async def test_audio_that_is_not_there_fails_without_a_call(server: ModelServer, artifacts: HeldArtifacts) -> None:
    run = await heard(server, artifacts, "art_nowhere")

    assert run.error is not None
    assert (run.status, run.error.kind) == ("failed", "final")
    assert run.error.message.startswith("audio: there is no artifact")
    assert not server.bodies


async def test_an_answer_without_a_text_fails(server: ModelServer, artifacts: HeldArtifacts) -> None:
    run = await heard(server, artifacts, artifacts.put(b"la").id)

    assert run.error is not None
    assert (run.error.kind, "answered no JSON with a text" in run.error.message) == ("backend_refused", True)


async def test_when_no_server_is_there_the_task_is_tried_again_and_then_told_which_pool(
    server: ModelServer, artifacts: HeldArtifacts
) -> None:
    await server.stop()
    async with pool_of([server], name="image"):
        run = await run_task_async(image.generate, {"prompt": "a fox"}, artifacts=artifacts, max_retry=2)

    assert run.error is not None
    assert (len(run.attempts), run.error.kind, run.error.retryable) == (3, "backend_unavailable", True)
    assert "pool 'image'" in run.error.message


@task("test.own")
async def own(ctx: Context, payload: str) -> dict[str, object]:
    """Call a pool of the project's own."""
    answer = await backend("models", ctx).post("/echo", json={"say": payload}, key=payload)
    assert isinstance(answer, Answer)
    return {"said": answer.body.decode(), "status": answer.status}


async def test_handlers_of_ones_own_call_their_pools(server: ModelServer) -> None:
    async with pool_of([server]):
        run = await run_task_async(own, "hello")

    assert run.result == {"said": "done", "status": 200}
    assert server.bodies == [b'{"say":"hello"}']


async def test_a_pool_that_is_not_configured_is_named_with_the_remedy(server: ModelServer) -> None:
    async with pool_of([server], name="other"):
        run = await run_task_async(own, "hello")

    assert run.error is not None
    assert run.error.message == (
        "this worker has no pool 'models' (configured: other): name it in the file of XQ_BACKENDS"
    )


async def test_without_a_worker_it_is_said_where_backends_work() -> None:
    run = await run_task_async(own, "hello")

    assert run.error is not None
    assert "only async handlers on the worker's event loop" in run.error.message


async def test_a_canceled_task_hangs_up(server: ModelServer) -> None:
    server.behaves = server.hang
    async with pool_of([server]):
        running = asyncio.create_task(run_task_async(own, "hello"))
        await server.reached.wait()
        running.cancel()
        await server.hung_up.wait()
        await asyncio.wait({running})
