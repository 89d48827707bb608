"""Text embeddings in batches: many small tasks, one call of the model.

Copy this file. It needs wordllama, whose wheel holds its model (18 MB, 136 MB on disk with numpy, on the CPU):

    uv sync --group examples
    uv run just up --handlers examples.embeddings

In another terminal: embed some sentences, one task each, and find the two that are closest in meaning:

    uv run python examples/embeddings.py "The cat sat on the mat" "A kitten rests on a rug" "Shares fell on Monday"
    curl -s localhost:8080/api/v1/tasks -H 'Content-Type: application/json' \
      -d '{"type": "text.embed", "payload": {"text": "The cat sat on the mat"}}'
"""

import sys
from itertools import combinations
from operator import mul
from pathlib import Path
from typing import Any

from msgspec import Struct

from xqueue_worker import Batch, Context, task


class Text(Struct):
    """What to embed."""

    text: str


def load_model() -> Any:
    """Load the model, once in each process."""
    import wordllama  # noqa: PLC0415  # only in the child process: the worker itself stays small

    # Its weights and tokenizer lie beside its code; told so, it does not look for them elsewhere.
    here = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=here, disable_download=True)


@task("text.embed", isolation="process", setup=load_model, batch=Batch(max_size=64, max_wait=0.02))
def embed(ctxs: list[Context], texts: list[Text]) -> list[list[float]]:
    """Embed up to 64 texts, of as many tasks, in one call: 32 take about twice as long as one."""
    vectors = ctxs[0].state.embed([text.text for text in texts], norm=True)
    ctxs[0].log(f"one of {len(texts)} in this call")
    return [[round(float(number), 6) for number in vector] for vector in vectors]


def main() -> None:
    """Embed sentences; print the pair that is closest."""
    from xqueue_client import Client, Submission  # noqa: PLC0415  # a worker that loads this file needs no client

    sentences = sys.argv[1:]
    with Client() as client:  # XQ_URL, or the system whose state is in ./.xqueue
        submitted = client.submit_many([Submission(type="text.embed", payload=Text(text)) for text in sentences])
        vectors = [client.get(task_id).result(timeout=120) for task_id in submitted.task_ids]
    known = dict(zip(sentences, vectors, strict=True))
    first, second = max(combinations(known, 2), key=lambda pair: sum(map(mul, known[pair[0]], known[pair[1]])))
    print(f"closest: {first!r} and {second!r}")


if __name__ == "__main__":
    main()
