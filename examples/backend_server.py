"""A small model server for trials without a GPU: it draws what a prompt makes of it, and hears what is said.

    uv run python examples/backend_server.py --port 9100
    IMAGE_GEN_URL_1=http://127.0.0.1:9100 WHISPER_URL_1=http://127.0.0.1:9100 uv run just up

`just up` starts it by itself when no backend is configured. Nothing in it is canned: the picture is computed from
the prompt and the seed, the words are those that PocketSphinx hears, with the small English model of its package.

    GET  /health                                                             {"status": "ok"}
    POST /generate    {"prompt", "width", "height", "seed", "steps"}         image/png
    POST /transcribe  multipart: file (WAV, FLAC, OGG, MP3), language (en)   {"text", "language", "segments"}

`--delay` and `--fail-rate` make it slow or unreliable, to see what its callers do about it.
"""

import argparse
import asyncio
import hashlib
import io
import os
import random
import threading
from functools import cache
from typing import Annotated, Any

import msgspec
import numpy as np
from aiohttp import web
from PIL import Image, ImageDraw, ImageFont

Side = Annotated[int, msgspec.Meta(ge=16, le=2048)]

_MOST_AUDIO_BYTES = 64 * 1024 * 1024
_RATE = 16_000
_MOST_S = 15 * 60
_REMEDY = "this server lacks the speech model: install the group 'backend' (`uv sync --group backend`)"

# One picture or sentence a core; the decoder below is no thread's own.
_room = asyncio.Semaphore(os.cpu_count() or 1)
_one_at_a_time = threading.Lock()


class Wish(msgspec.Struct):
    """What to draw; more steps draw finer."""

    prompt: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    width: Side = 512
    height: Side = 512
    seed: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)] = 0
    steps: Annotated[int, msgspec.Meta(ge=1, le=150)] = 20


class Segment(msgspec.Struct):
    """What was said from one second to another."""

    start: float
    end: float
    text: str


class Silence(Exception):
    """The audio cannot be heard; says why."""


def draw(wish: Wish) -> bytes:
    """Return a PNG: waves that bend one another, as the prompt and the seed throw them, and the prompt's words."""
    digest = hashlib.sha256(f"{wish.seed}:{wish.prompt}".encode()).digest()
    chance = np.random.default_rng(int.from_bytes(digest))
    y, x = np.mgrid[0 : wish.height, 0 : wish.width].astype(np.float32) / max(wish.width, wish.height)
    height = np.zeros_like(x)
    for step in range(1, wish.steps + 1):
        angle, phase = chance.uniform(0, 2 * np.pi, 2)
        wave = np.sin(2 * np.pi * step**0.7 * (x * np.cos(angle) + y * np.sin(angle)) + phase)
        height += wave / step**0.5
        x, y = x + 0.03 * wave / step, y + 0.03 * wave**2 / step
    share = (height - height.min()) / max(float(np.ptp(height)), 1e-6)
    turns, offsets = chance.uniform(0.6, 1.6, 3), chance.uniform(0, 1, 3)
    colours = 127.5 + 127.5 * np.cos(2 * np.pi * (share[..., None] * turns + offsets))
    picture = Image.fromarray(colours.astype(np.uint8))
    _write(picture, wish.prompt)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _write(picture: Image.Image, words: str) -> None:
    size = max(10, picture.width // 18)
    font, pen = ImageFont.load_default(size), ImageDraw.Draw(picture)
    lines = [""]
    for word in words.split()[:60]:
        longer = f"{lines[-1]} {word}".strip()
        lines[-1:] = [longer] if pen.textlength(longer, font) < picture.width * 0.9 else [lines[-1], word]
    text = "\n".join(line for line in lines if line)
    pen.multiline_text((size // 2, size // 2), text, "white", font, stroke_width=2, stroke_fill="black")


def hear(audio: bytes) -> list[Segment]:
    """Return what is said in it.

    Raises:
        Silence: it cannot be read, or is too long.
        ImportError: the packages of the group 'backend' are missing.
    """
    import pocketsphinx  # noqa: PLC0415  # pictures are drawn without it

    pcm = io.BytesIO(_samples(audio))
    with _one_at_a_time:
        decoder = _decoder()
        return [
            Segment(round(part.start_time, 2), round(part.end_time, 2), _words(decoder, part.pcm))
            for part in pocketsphinx.Segmenter(sample_rate=_RATE).segment(pcm)
        ]


@cache
def _decoder() -> Any:
    import pocketsphinx  # noqa: PLC0415  # see above

    pocketsphinx.set_loglevel("FATAL")
    return pocketsphinx.Decoder(samprate=_RATE)


def _words(decoder: Any, pcm: bytes) -> str:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    return heard.hypstr if heard else ""


def _samples(audio: bytes) -> bytes:
    """Return one channel of 16-bit samples at the rate that the model knows."""
    import soundfile  # noqa: PLC0415  # see above

    try:
        with soundfile.SoundFile(io.BytesIO(audio)) as file:
            if file.frames > _MOST_S * file.samplerate:
                msg = f"the audio is longer than {_MOST_S} s: send it in parts"
                raise Silence(msg)
            rate, heard = file.samplerate, file.read(dtype="float32", always_2d=True).mean(axis=1)
    except soundfile.LibsndfileError as error:
        msg = f"this is no audio that libsndfile reads: {error.error_string}"
        raise Silence(msg) from error
    count = len(heard) * _RATE // rate
    if count and rate != _RATE:  # by its spectrum, so that what the lower rate has no room for does not fold back
        heard = np.fft.irfft(np.fft.rfft(heard)[: count // 2 + 1], count) * (count / len(heard))
    samples = (np.clip(heard, -1, 1) * 32767).astype("<i2")
    return bytes(samples)


async def generate(request: web.Request) -> web.Response:
    """Answer POST /generate."""
    try:
        wish = msgspec.json.decode(await request.read(), type=Wish)
    except msgspec.MsgspecError as error:
        raise web.HTTPUnprocessableEntity(text=str(error)) from error
    async with _room:
        return web.Response(body=await asyncio.to_thread(draw, wish), content_type="image/png")


async def transcribe(request: web.Request) -> web.Response:
    """Answer POST /transcribe."""
    form = await request.post()
    file, language = form.get("file"), str(form.get("language") or "en")
    if not isinstance(file, web.FileField):
        raise web.HTTPUnprocessableEntity(text="file: required: a file of audio")
    if language != "en":
        raise web.HTTPUnprocessableEntity(text=f"language: {language} is not known here, only en")
    try:
        async with _room:
            segments = await asyncio.to_thread(hear, file.file.read())
    except Silence as error:
        raise web.HTTPUnsupportedMediaType(text=str(error)) from error
    except ImportError as error:
        raise web.HTTPNotImplemented(text=_REMEDY) from error
    text = " ".join(segment.text for segment in segments if segment.text)
    answer = {"text": text, "language": language, "segments": segments}
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


async def health(_request: web.Request) -> web.Response:
    """Answer GET /health."""
    return web.json_response({"status": "ok"})


def application(delay_s: float, fail_rate: float) -> web.Application:
    """Return the server; each model call takes so much longer, and fails so often (0 to 1)."""

    @web.middleware
    async def trouble(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.method == "POST":
            await asyncio.sleep(delay_s)
            if random.random() < fail_rate:  # no secret
                raise web.HTTPInternalServerError(text="failed on purpose, see --fail-rate")
        answer: web.StreamResponse = await handler(request)
        return answer

    app = web.Application(middlewares=[trouble], client_max_size=_MOST_AUDIO_BYTES)
    app.add_routes(
        [web.get("/health", health), web.post("/generate", generate), web.post("/transcribe", transcribe)]
    )
    return app


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--delay", type=float, default=0.0, metavar="S", help="seconds that each call takes longer")
    parser.add_argument(
        "--fail-rate", type=float, default=0.0, metavar="P", help="share of calls that fail, 0 to 1"
    )
    given = parser.parse_args()
    app = application(given.delay, given.fail_rate)
    web.run_app(app, host=given.host, port=given.port, handler_cancellation=True, print=None)


if __name__ == "__main__":
    main()
