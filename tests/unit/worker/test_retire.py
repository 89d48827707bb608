"""Whom `python -m xqueue_worker.retire` takes for the worker, and what it refuses."""

import os
import subprocess
import sys

import pytest

from xqueue_worker.retire import ENDED, GOES_ON, NOT_FOUND, Running, main, workers_among


def test_a_worker_is_told_from_its_children_and_from_others() -> None:
    processes = [
        Running(1, ["/pause"]),
        Running(7, ["python", "-m", "xqueue_worker", "--handlers", "mine"]),
        Running(8, ["/opt/python/bin/python", "-m", "xqueue_worker.child", "7", "3", "4"]),
        Running(9, ["python", "-m", "xqueue_worker.retire"]),
        Running(10, ["sh", "-c", "python -m xqueue_worker"]),
        Running(11, [""]),
    ]

    assert workers_among(processes) == [7]


def sleeping(heeds: str) -> subprocess.Popen[str]:
    """Start a process that heeds the signal so."""
    code = f"import signal; signal.signal(signal.SIGUSR1, {heeds}); print('there', flush=True); signal.pause()"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "there\n"
    return process


def test_it_waits_until_the_worker_has_ended() -> None:
    with sleeping("lambda *_: exit(0)") as process:
        assert main(["--pid", str(process.pid), "--wait", "60"]) == ENDED
        assert process.wait() == 0


def test_it_says_when_the_worker_goes_on() -> None:
    with sleeping("signal.SIG_IGN") as process:
        assert main(["--pid", str(process.pid), "--wait", "0"]) == GOES_ON
        process.kill()


def test_a_worker_that_has_ended_need_not_be_asked() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert main(["--pid", str(process.pid)]) == ENDED


@pytest.mark.parametrize("wrong", [["--pid", "0"], ["--pid", "x"], ["--wait", "-1"], ["--wait", "nan"]])
def test_wrong_arguments_are_named(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(wrong)

    assert wrong[0] in capsys.readouterr().err


def test_without_one_worker_it_asks_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [Running(os.getpid(), ["python", "-m", "xqueue_worker"])] * 2
    monkeypatch.setattr("xqueue_worker.retire._processes", lambda: both)

    assert main([]) == NOT_FOUND
    assert "--pid" in capsys.readouterr().err
