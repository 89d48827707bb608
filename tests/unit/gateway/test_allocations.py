"""Whose slots a queue may count on."""

from xqueue_common.views import WorkerView
from xqueue_gateway.tasks.allocations import allocation


def worker(incarnation: str, slots: int, *queues: str) -> WorkerView:
    listed = ", ".join(f'"{queue}"' for queue in queues)
    return WorkerView(incarnation, incarnation.partition("#")[0], slots, 0, f'{{"queues": [{listed}]}}', 0)


FLEET = [worker("a#1", 4, "*"), worker("b#1", 8, "images", "video-*"), worker("c#1", 0, "*"), worker("d#1", 2)]


def test_a_queue_without_a_share_has_all_that_those_offer_who_serve_it() -> None:
    assert allocation("images", None, FLEET).allocations == {"a": 4, "b": 8, "c": 0}
    assert allocation("video-hd", None, FLEET).allocations == {"a": 4, "b": 8, "c": 0}
    assert allocation("video", None, FLEET).allocations == {"a": 4, "c": 0}


def test_a_share_is_told_by_instance_also_while_one_is_there_twice() -> None:
    assert allocation("images", {"b#1": 3, "a#1": 1, "a#2": 2}, FLEET).allocations == {"a": 3, "b": 3}


def test_what_a_worker_tells_may_be_anything() -> None:
    assert allocation("images", None, [WorkerView("a#1", "a", 1, 0, "what?", 0)]).allocations == {}
