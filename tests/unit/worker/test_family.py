"""Who descends from a process, wherever it has gone; how all of them end: `integration/worker/test_stopping.py`."""

import os
import subprocess

from support.eventually import eventually

from xqueue_worker.child.family import children, kill_family


async def test_a_process_in_a_session_of_its_own_is_a_child_still_and_ends() -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stray:  # noqa: ASYNC220
        await eventually(lambda: stray.pid in children(os.getpid()))

        kill_family(stray.pid)
        assert stray.poll() is None, "the process itself goes on"
        stray.kill()


def test_of_a_process_that_is_gone_there_is_nobody() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()

    assert children(gone.pid) == []
    kill_family(gone.pid)
