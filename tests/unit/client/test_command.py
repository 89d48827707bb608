"""The `xqueue` command without a gateway: what it refuses, in which words, and with which exit status."""

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from unit.client.answering import SNAPSHOT as TASK

from xqueue_client import BadAddress, NotFound, Rate, RetryPolicy, TaskFailed, TooManyRequests, Unreachable
from xqueue_client.command.__main__ import main, options_last
from xqueue_client.command.control_flags import LimitFlags, QueueFlags
from xqueue_client.command.exits import MEANINGS, Exit, Misused, exit_of
from xqueue_client.command.options import TaskFlags, labels
from xqueue_client.command.payload import read_payload
from xqueue_client.snapshot import Snapshot
from xqueue_embedded.ports import free_port

NOBODY = f"http://127.0.0.1:{free_port()}"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XQ_URL", "XQ_STATE_DIR", "XQ_TENANT", "XQ_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_nobody_there_is_one_line_with_a_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["stats", "--url", NOBODY])

    out, problems = capsys.readouterr()
    assert status == Exit.UNREACHABLE
    assert out == ""
    assert problems.count("\n") == 1
    assert problems.startswith(f"error: no gateway answers at {NOBODY}")
    assert "just up" in problems


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stats", "--url", "gateway"], "'gateway' is no address of a gateway"),
        (["submit", "example", "--payload", "{bad"], "--payload: no valid JSON"),
        (["submit", "example", "--payload", "@no-such-file"], "--payload: no-such-file: No such file"),
        (["submit", "example", "--label", "team"], "--label: 'team' is no label: write NAME=VALUE"),
        (["submit", "example", "--idempotency-key", ""], "idempotency key: empty"),
        (["stats", "--tenant", "mädchen"], "tenant: empty, or other than printable ASCII"),
        (["cancel"], "TASK-IDS: name at least one task"),
        (["wait"], "TASK-IDS: name at least one task"),
        (["retry"], "TASK-IDS: name at least one task"),
        (["queues", "set", "images", "--burst", "3"], "--burst: say --rate too"),
        (["queues", "set", "images", "--default-retry", "{bad"], "--default-retry: "),
        (["limits", "set", "key", "k"], "say what to pin"),
    ],
)
def test_a_wrong_argument_is_named_on_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(arguments)

    problems = capsys.readouterr().err
    assert status == Exit.USAGE
    assert problems.startswith("error: ")
    assert words in problems
    assert problems.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["submit", "example", "--prioriti", "3"], "--priority"),
        (["list", "--status", "done"], "processing"),
        (["list", "--limit", "0"], "--limit"),
        (["submit"], "TYPE"),
        (["no-such-command"], "submit"),
        (["queues", "set", "images", "--worker", "3"], "--workers"),
        (["queues", "delet", "images"], "delete"),
        (["limits", "set", "worker", "w", "--weight", "1"], "tenant"),
        (["priority", "t1", "high"], "high"),
    ],
)
def test_what_cannot_be_read_is_answered_with_what_can(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == Exit.USAGE
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["submit"], ["list"], ["wait"], ["watch"], ["queues", "set"]])
def test_help_documents_every_exit_status(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == Exit.OK

    text = capsys.readouterr().out
    assert set(MEANINGS) == set(Exit)
    for status, meaning in MEANINGS.items():
        assert f"{status.value:>4}  {meaning}" in text


def test_the_readme_documents_every_exit_status_too() -> None:
    text = (Path(__file__).parents[3] / "libs" / "client" / "README.md").read_text().replace("`", "")

    for status, meaning in MEANINGS.items():
        assert f"| {status.value} | {meaning} |" in text


def test_the_options_of_all_commands_may_stand_before_the_command() -> None:
    assert options_last(["--url", "http://a", "--json", "get", "t1"]) == [
        "get",
        "--url",
        "http://a",
        "--json",
        "t1",
    ]
    assert options_last(["--json", "queues", "get", "images"]) == ["queues", "get", "--json", "images"]
    assert options_last(["--url=http://a", "stats"]) == ["stats", "--url=http://a"]
    assert options_last(["--help"]) == ["--help"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadAddress("x"), Exit.USAGE),
        (Unreachable("x", "y"), Exit.UNREACHABLE),
        (TooManyRequests(429, "busy"), Exit.UNREACHABLE),
        (NotFound(404, "no"), Exit.REFUSED),
    ],
)
def test_errors_have_exit_statuses(error: Any, status: Exit) -> None:
    assert exit_of(error) is status


def test_a_failed_task_has_an_exit_status_of_its_own() -> None:
    snapshot = msgspec.convert(TASK | {"status": "failed"}, Snapshot)

    assert exit_of(TaskFailed(snapshot)) is Exit.TASK_FAILED


def test_what_is_said_about_a_task_is_sent_and_nothing_else() -> None:
    flags = TaskFlags(priority=0, queue_timeout="none", label=("a=1", "b=x=y"), gpu_memory_mb=5)

    options = flags.options()

    assert set(options) == {"priority", "queue_timeout", "labels", "resources"}
    assert options["queue_timeout"] is None
    assert options["labels"] == {"a": "1", "b": "x=y"}
    assert (options["resources"].gpu_memory_mb, options["resources"].slots) == (5, 1)


def test_what_is_set_for_a_queue_is_sent_and_nothing_else() -> None:
    flags = QueueFlags(workers=3, max_size="none", default_retry='{"base": 2}', rate=5, burst=2, aging="none")

    assert flags.options() == {
        "workers": 3,
        "max_size": None,
        "default_retry": RetryPolicy(base=2),
        "rate": Rate(5, 2),
        "aging": None,
    }
    assert QueueFlags(no_queue_timeout=True, rate="none").options() == {"no_queue_timeout": True, "rate": None}
    assert QueueFlags().options() == {}


def test_what_is_pinned_is_sent_and_nothing_else() -> None:
    assert LimitFlags(weight=2, paused=True).options() == {"weight": 2, "paused": True}


@pytest.mark.parametrize("task_id", ["", ".", ".."])
def test_what_no_path_can_name_is_no_task(task_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", task_id, "--url", NOBODY]) == Exit.REFUSED
    assert capsys.readouterr().err == f"error: there is no task {task_id!r}\n"


def test_a_payload_may_begin_with_a_hyphen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submit", "example", "--payload", "-1", "--url", NOBODY]) == Exit.UNREACHABLE
    assert "no gateway answers" in capsys.readouterr().err


def test_a_label_needs_a_name() -> None:
    with pytest.raises(Misused, match="'' is no label"):
        labels(("=x",))


def test_a_payload_is_a_text_a_file_or_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "payload.json").write_text(' {"from": "a file"}\n')
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[1, 2]")))

    texts = ["1e3", f"@{tmp_path / 'payload.json'}", "-"]

    assert [bytes(read_payload(text)) for text in texts] == [b"1e3", b'{"from": "a file"}', b"[1, 2]"]
    assert read_payload(None) is None
