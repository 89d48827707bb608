"""The example of a receiver, as a program that is sent webhooks."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from unit.client.answering import SNAPSHOT
from unit.client.signing import SECRET, signed

RECEIVER = Path(__file__).parents[3] / "examples" / "webhook_receiver.py"
BODY = msgspec.json.encode({"type": "success", "timestamp": "2030-01-01T00:00:00Z", "data": SNAPSHOT})


@pytest.fixture
def receiver() -> Iterator["subprocess.Popen[str]"]:
    environment = {**os.environ, "XQ_WEBHOOK_SECRET": SECRET}
    command, quiet = [sys.executable, str(RECEIVER), "--port", "0"], subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=quiet, text=True) as run:
        yield run
        run.terminate()


def test_what_is_genuine_is_dealt_with_once_and_nothing_else_is(receiver: "subprocess.Popen[str]") -> None:
    assert receiver.stdout is not None
    url = receiver.stdout.readline().removeprefix("listening on ").strip()
    genuine = signed(BODY, at=int(time.time()))

    def post(body: bytes, headers: dict[str, str]) -> int:
        return httpx2.post(url, content=body, headers=headers, trust_env=False).status_code

    statuses = [post(BODY + b" ", genuine), post(BODY, {}), post(BODY, genuine), post(BODY, genuine)]
    other = signed(BODY, at=int(time.time()), event_id="msg_2")
    statuses.append(post(BODY, other))
    told = [receiver.stdout.readline() for _ in range(2)]

    assert statuses == [400, 400, 204, 204, 204]
    assert told == ["example t1: success\n"] * 2
    receiver.terminate()
    assert receiver.stdout.read() == ""
