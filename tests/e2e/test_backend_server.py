"""The example server by itself, as users start it."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from e2e.running import started
from support.eventually import eventually

from xqueue_embedded.ports import free_port

SERVER = Path(__file__).parents[2] / "examples" / "backend_server.py"
SPOKEN = Path(__file__).with_name("one_to_five.flac").read_bytes()

Serve = Callable[..., Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    processes = []
    clients = []

    async def start(*options: str, **environment: str) -> httpx2.AsyncClient:
        port = free_port()
        processes.append(await started(sys.executable, SERVER, "--port", str(port), *options, **environment))
        client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        clients.append(client)

        async def answers() -> bool:
            with suppress(httpx2.TransportError):
                return (await client.get("/health")).status_code == 200
            return False

        await eventually(answers)
        return client

    yield start
    for client in clients:
        await client.aclose()
    for process in processes:
        process.kill()
        await process.communicate()


async def test_a_wish_that_makes_no_sense_is_refused(serve: Serve) -> None:
    http = await serve()

    wrong = await http.post("/generate", json={"prompt": "a fox", "width": 1})
    assert (wrong.status_code, "$.width" in wrong.text) == (422, True)
    assert (await http.post("/generate", content=b"{")).status_code == 422
    assert (await http.post("/transcribe", data={"language": "en"})).status_code == 422


async def test_a_language_that_it_does_not_know_is_refused(serve: Serve) -> None:
    http = await serve()

    answer = await http.post("/transcribe", files={"file": ("a.flac", SPOKEN)}, data={"language": "de"})

    assert (answer.status_code, answer.text) == (422, "language: de is not known here, only en")


async def test_without_the_speech_model_it_draws_and_says_what_to_install(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "pocketsphinx.py").write_text("raise ImportError")
    http = await serve(PYTHONPATH=str(tmp_path))

    answer = await http.post("/transcribe", files={"file": ("a.flac", SPOKEN)})

    assert (answer.status_code, "uv sync --group backend" in answer.text) == (501, True)
    assert (await http.post("/generate", json={"prompt": "a fox"})).status_code == 200


async def test_it_fails_as_often_as_it_is_told_to(serve: Serve) -> None:
    http = await serve("--fail-rate", "1")

    assert (await http.post("/generate", json={"prompt": "a fox"})).status_code == 500
    assert (await http.get("/health")).status_code == 200
