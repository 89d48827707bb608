from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pytest

from xqueue_worker import Batch, Context, HandlerError, task
from xqueue_worker.handler import REGISTRY, Handler, Isolation
from xqueue_worker.handlers import load

if TYPE_CHECKING:
    from nowhere import Nothing  # type: ignore[import-not-found]

load([])  # the ready ones register themselves once: not in the registry of one test


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Handler]:
    """A registry of the test's own."""
    own = dict(REGISTRY)
    monkeypatch.setattr("xqueue_worker.handler.REGISTRY", own)
    monkeypatch.setattr("xqueue_worker.handlers.REGISTRY", own)
    return own


Registry = dict[str, Handler]


def test_where_a_handler_runs_follows_from_its_kind(registry: Registry) -> None:
    @task("a")
    async def on_loop(_ctx: Context, _payload: Any) -> None: ...

    @task("b")
    def in_thread(_ctx: Context, _payload: Any) -> None: ...

    @task("c", isolation="process")
    async def in_child(_ctx: Context, _payload: Any) -> None: ...

    assert [registry[name].isolation for name in "abc"] == [Isolation.LOOP, Isolation.THREAD, Isolation.PROCESS]
    assert registry["c"].is_async


def test_the_function_stays_a_function(registry: Registry) -> None:
    @task("plain", process_timeout=1.5)
    def double(_ctx: Any, payload: int) -> int:
        return 2 * payload

    assert double(None, 4) == 8
    assert registry["plain"].timeout_ms == 1500


def test_the_payload_is_read_as_its_annotation_says(registry: Registry) -> None:
    @task("typed")
    def typed(_ctx: "Nothing", _payload: "dict[str, Annotated[int, msgspec.Meta(ge=0)]]") -> None: ...

    assert registry["typed"].read(b'{"a": 1}') == {"a": 1}
    with pytest.raises(msgspec.ValidationError, match=r"\$\[\.\.\.\]"):
        registry["typed"].read(b'{"a": -1}')


def test_without_an_annotation_any_payload_is_taken(registry: Registry) -> None:
    @task("untyped")
    def untyped(_ctx, _payload): ...  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # the point

    assert registry["untyped"].read(b'[1, {"a": null}]') == [1, {"a": None}]


@pytest.mark.parametrize("annotation", ["Missing", complex, list[object()]])  # type: ignore[misc]
def test_an_annotation_that_cannot_be_used_is_refused_by_name(registry: Registry, annotation: Any) -> None:
    def odd(_ctx: Context, _payload: Any) -> None: ...

    odd.__annotations__["_payload"] = annotation
    task("odd")(odd)

    with pytest.raises(HandlerError, match=r"odd: the payload's annotation cannot be used"):
        registry["odd"].prepare()


def _no_payload(_ctx: Any) -> None: ...
def _too_many(_ctx: Any, _payload: Any, _more: Any = None) -> None: ...
def _keyword(_ctx: Any, *, payload: Any) -> None: ...
def _any_number(*_everything: Any) -> None: ...
def _yields(_ctx: Any, _payload: Any) -> Iterator[int]:
    yield 1


async def _fine(_ctx: Any, _payload: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (_no_payload, r"exactly \(ctx, payload\), not \(_ctx\)"),
        (_too_many, r"exactly \(ctx, payload\), not \(_ctx, _payload, _more\)"),
        (_keyword, r"exactly \(ctx, payload\)"),
        (_any_number, r"exactly \(ctx, payload\)"),
        (_yields, "does not yield"),
        (5, "stands on 5, which is no function"),
    ],
)
def test_what_cannot_be_a_handler_is_refused_where_it_stands(registry: Registry, function: Any, words: str) -> None:
    with pytest.raises(HandlerError, match=words):
        task("refused")(function)
    assert "refused" not in registry


async def _async_setup() -> None: ...


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("Upper", {}, "a type looks like"),
        ("trailing\n", {}, "a type looks like"),
        ("x" * 65, {}, "a type looks like"),
        ("fine", {"isolation": "fork"}, "'process' or left out"),
        ("fine", {"process_timeout": 0}, "above 0"),
        ("fine", {"process_timeout": float("nan")}, "above 0"),
        ("fine", {"process_timeout": "3"}, "above 0"),
        ("fine", {"process_timeout": True}, "above 0"),
        ("fine", {"gpu_memory_mb": True}, "gpu_memory_mb is a whole number from 1"),
        ("fine", {"batch": Batch(2, 0), "batch_key": lambda: 1}, "batch_key is a plain function of the payload"),
        ("fine", {"setup": dict}, "setup: only with isolation='process'"),
        ("fine", {"recycle_after": 2, "memory_mb": 1}, "recycle_after, memory_mb: only with isolation='process'"),
        ("fine", {"isolation": "process", "setup": 7}, "setup is a plain function, .* not 7"),
        ("fine", {"isolation": "process", "setup": _async_setup}, "a plain function"),
        ("fine", {"isolation": "process", "recycle_after": 0}, "recycle_after is a whole number from 1"),
        ("fine", {"isolation": "process", "memory_mb": 0.5}, "memory_mb is a whole number from 1"),
    ],
)
def test_wrong_options_are_refused(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(HandlerError, match=words):
        task(name, **options)(_fine)


@pytest.mark.parametrize(
    ("options", "attempts"), [({}, 1), ({"setup": dict}, 1_000), ({"setup": dict, "recycle_after": 5}, 5)]
)
def test_a_process_runs_one_attempt_unless_something_was_set_up_in_it(
    registry: Registry, options: dict[str, Any], attempts: int
) -> None:
    task("fine", isolation="process", **options)(_fine)

    assert registry["fine"].recycle_after == attempts


def test_a_type_has_one_handler() -> None:
    task("mine")(_fine)
    task("mine")(_fine)  # its module was imported again

    with pytest.raises(HandlerError, match=r"type 'mine' is handled by .*_fine already"):

        @task("mine")
        async def another(_ctx: Any, _payload: Any) -> None: ...


def test_the_ready_handlers_are_there() -> None:
    ready = {"crash", "default_task", "example", "example_task", "fail", "long_running_task", "noop", "ocr"}
    assert ready | {"sleep", "spin"} <= load([]).keys()


def test_a_module_of_handlers_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_to_load.py").write_text(
        "from xqueue_worker import task\n"
        "@task('loaded')\n"
        "async def loaded(ctx, payload: 'list[Later]'): ...\n"
        "Later = int\n"
    )

    handlers = load(["mine_to_load"])

    assert handlers["loaded"].read(b"[1]") == [1]
    assert "noop" in handlers


def test_a_module_that_breaks_is_named_with_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "breaks_at_once.py").write_text("x = 1\nraise ValueError('no')\n")

    with pytest.raises(HandlerError, match=r"'breaks_at_once' .*ValueError: no \(.*breaks_at_once\.py:2\)"):
        load(["breaks_at_once"])


def test_a_module_without_handlers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "has_none.py").write_text("x = 1\n")

    with pytest.raises(HandlerError, match=r"'has_none' registers none: .*@task"):
        load(["has_none"])


def test_a_decorator_without_a_type_is_refused() -> None:
    bare: Any = task

    with pytest.raises(HandlerError, match=r"@task on _fine names no type: write @task\("):
        bare(_fine)
