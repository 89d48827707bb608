"""What is promised whatever the model says, checked on what Redis holds alone."""

from collections.abc import Sequence
from typing import Any

import msgspec
from support.scheduler.fold.reading import Picture
from support.scheduler.fold.state import Grant

_unpack = msgspec.msgpack.decode


class Vows:
    """Follows the pictures of one cell: no limit is exceeded by a grant, no tag goes back."""

    def __init__(self) -> None:
        self._tags: dict[str, float] = {}

    def forget(self) -> None:
        """Redis was lost: all begin anew."""
        self._tags = {}

    def check(self, picture: Picture, grants: Sequence[Grant]) -> None:
        """Check what holds after a call that made these grants."""
        for grant in grants:
            held = picture.tasks[grant.task_id].state.held
            assert held is not None, f"{grant} holds nothing"
            for scope in held.split("\n"):
                _check_limit(picture, scope)
        self._check_tags(picture)

    def _check_tags(self, picture: Picture) -> None:
        """A flow's tag never goes back; one that is forgotten begins anew."""
        records = picture.named("n:") | picture.named("g:")
        tags = {name: _unpack(value)[0] for name, value in records.items()}
        for name, tag in tags.items():
            before = self._tags.get(name, 0)
            assert tag >= before, f"{name} went back from {before} to {tag}"
        self._tags = tags


def _check_limit(picture: Picture, scope: str) -> None:
    """Nothing was granted in a scope that is paused or has more members than it may."""
    packed = picture.hash("limits").get(scope)
    pinned: list[Any] = _unpack(packed) if packed else [False] * 5
    assert not pinned[4], f"{scope} is paused, and an attempt began"
    most = pinned[0] or (_wanted(picture, scope[2:]) if scope.startswith("k/") else False)
    members = picture.keys.get(f"s:{scope}", set())
    assert not most or len(members) <= most, f"{scope} may have {most} attempts, and has {members}"


def _wanted(picture: Picture, group: str) -> Any:
    return _unpack(picture.keys[f"g:{group}"])[2]
