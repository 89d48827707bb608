"""A pipeline of two stages: the first fans out over the parts of a book, the second joins what came of them.

Copy this file. In one terminal: `uv run just up --handlers examples.pipeline`. In another:

    uv run python examples/pipeline.py LICENSE README.md

The second stage waits without a slot until all parts have ended, and then finds their results in `ctx.parents`.
"""

import re
import sys
from collections import Counter
from pathlib import Path

from msgspec import Struct

from xqueue_worker import Context, Fail, task

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_PART_LINES = 200


class Part(Struct):
    """A part of a text."""

    name: str
    text: str


class Joining(Struct):
    """How many of the most frequent words are wanted."""

    top: int = 5


@task("words.count", isolation="process")
def count(ctx: Context, part: Part) -> dict[str, int]:
    """Stage one: count the words of a part."""
    words = Counter(_WORD.findall(part.text.lower()))
    if not words:
        message = f"{part.name} has no words"
        raise Fail(message)  # no other attempt would find any
    ctx.log(f"{part.name}: {words.total()} words")
    return dict(words)


@task("words.join")
async def join(ctx: Context, wanted: Joining) -> dict[str, object]:
    """Stage two: add up what the parts have found; runs also when some of them failed."""
    done = [parent for parent in ctx.parents.values() if parent["status"] == "success"]
    words: Counter[str] = Counter()
    for number, parent in enumerate(done, 1):
        words.update(parent["result"])
        await ctx.progress(100 * number / len(done))
    return {"words": words.total(), "top": words.most_common(wanted.top), "failed": len(ctx.parents) - len(done)}


def parts(files: list[Path]) -> list[Part]:
    """Return files in parts that fit into a payload; a task depends on 100 others at most."""
    texts = {file.name: file.read_text().splitlines(keepends=True) for file in files}
    return [
        Part(f"{name}:{start + 1}", "".join(lines[start : start + _PART_LINES]))
        for name, lines in texts.items()
        for start in range(0, len(lines), _PART_LINES)
    ]


def main() -> None:
    """Submit both stages at once, in one batch: 0 … n-1 are the parts, the last one joins them."""
    from xqueue_client import Client, Submission  # noqa: PLC0415  # a worker that loads this file needs no client

    files = [Path(name) for name in sys.argv[1:]]
    counting = [Submission(type="words.count", payload=part) for part in parts(files)]
    joining = Submission(type="words.join", payload={"top": 5}, depends_on=range(len(counting)), on_failure="run")
    with Client() as client:  # XQ_URL, or the system whose state is in ./.xqueue
        *_, last = client.submit_many([*counting, joining]).task_ids
        found = client.get(last).result(timeout=60)
    print(f"{found['words']} words in {len(counting)} parts, {found['failed']} of them failed")
    print("most frequent:", ", ".join(f"{word} ({times})" for word, times in found["top"]))


if __name__ == "__main__":
    main()
