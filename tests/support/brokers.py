"""Real brokers for tests: one of each kind for all of them, and private ones for tests that break theirs.

Fixtures start a broker when the first test asks for it. Tests share it, so each keeps to its own names: see
`namespace`. Without a broker's program its tests are skipped on a developer's machine, and fail in CI.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from xqueue_embedded import Kafka, Mosquitto, Postgres, Redis
from xqueue_embedded.brokers.broker import Broker
from xqueue_embedded.errors import DownloadFailed, ProgramMissing

AnyBroker = TypeVar("AnyBroker", bound=Broker)
MakeKafka = Callable[[], Awaitable[Kafka]]
MakeRedis = Callable[[], Awaitable[Redis]]
MakeMosquitto = Callable[[], Awaitable[Mosquitto]]


@pytest.fixture
def namespace() -> str:
    """A prefix for topics, keys and clients that no other test uses."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kafka]:
    """A Kafka that stays up."""
    async with running(Kafka(state_dir=tmp_path_factory.mktemp("shared"))) as broker:
        yield broker


@pytest.fixture(scope="session")
async def redis_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Redis]:
    """A Redis that stays up."""
    async with running(Redis(state_dir=tmp_path_factory.mktemp("shared"))) as broker:
        yield broker


@pytest.fixture(scope="session")
async def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mosquitto]:
    """An MQTT broker that stays up."""
    async with running(Mosquitto(state_dir=tmp_path_factory.mktemp("shared"))) as broker:
        yield broker


@pytest.fixture(scope="session")
async def postgres(open_folder: Path) -> AsyncIterator[Postgres]:
    """A PostgreSQL that stays up; make a database of your own in it."""
    async with running(Postgres(state_dir=open_folder)) as broker:
        yield broker


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, unlike pytest's: as root, PostgreSQL runs as somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="xqueue-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def private_kafka(tmp_path: Path) -> AsyncIterator[MakeKafka]:
    """Make Kafkas that a test may kill."""
    async with private(Kafka, tmp_path) as make:
        yield make


@pytest.fixture
async def private_redis(tmp_path: Path) -> AsyncIterator[MakeRedis]:
    """Make Redis servers that a test may kill."""
    async with private(Redis, tmp_path) as make:
        yield make


@pytest.fixture
async def private_mosquitto(tmp_path: Path) -> AsyncIterator[MakeMosquitto]:
    """Make MQTT brokers that a test may kill."""
    async with private(Mosquitto, tmp_path) as make:
        yield make


@contextmanager
def unless_missing() -> Iterator[None]:
    """Skip the test if a broker's program is not to be had here; in CI it fails."""
    try:
        yield
    except (ProgramMissing, DownloadFailed) as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@asynccontextmanager
async def running(broker: AnyBroker) -> AsyncIterator[AnyBroker]:
    """Run a broker as long as the block lasts."""
    with unless_missing():
        await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@asynccontextmanager
async def private(kind: type[AnyBroker], folder: Path) -> AsyncIterator[Callable[[], Awaitable[AnyBroker]]]:
    """Give out a function that starts one more broker; all of them end with the block."""
    async with AsyncExitStack() as brokers:

        async def make() -> AnyBroker:
            state_dir = folder / f"{kind.kind}-{secrets.token_hex(4)}"
            return await brokers.enter_async_context(running(kind(state_dir=state_dir)))

        yield make
