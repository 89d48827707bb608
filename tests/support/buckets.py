"""A store behind S3's interface, played by moto in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest

from xqueue_embedded.ports import free_port

ACCESS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "tester", "AWS_REGION": "us-east-1"}
_BUCKET = "artifacts"
_PROGRAM = "from moto.server import main; main()"


class Bucket:
    """An empty bucket of a test; ``url`` and ``environment`` as a service is told them."""

    def __init__(self, endpoint: str, prefix: str) -> None:
        self.endpoint = endpoint
        self.url = f"s3://{_BUCKET}/{prefix}"
        self.environment = {**ACCESS, "AWS_ENDPOINT_URL": endpoint}


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of the server."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ACCESS},
    )
    try:
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=0), timeout=10) as http:
            _until_up(http, endpoint, server)
            assert http.put(f"{endpoint}/{_BUCKET}").status_code == 200
        yield endpoint
    finally:
        server.kill()
        server.wait()


def _until_up(http: httpx2.Client, endpoint: str, server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        try:
            http.get(f"{endpoint}/moto-api/data.json")
        except httpx2.TransportError:
            continue
        return
    message = "the server of the buckets has ended"
    raise AssertionError(message)


@pytest.fixture
def bucket(s3_endpoint: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A place in it that is the test's own; this process is told how to reach it."""
    bucket = Bucket(s3_endpoint, namespace)
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return bucket
