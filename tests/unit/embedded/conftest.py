from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.embedded.maven_repository import Repository, serving


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XQ_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository that is asked instead of Maven Central."""
    with serving() as repository:
        monkeypatch.setenv("XQ_MAVEN_URL", repository.url)
        yield repository
