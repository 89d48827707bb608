"""What clients and operators change while tasks wait."""

from support.scheduler.fold.playing import Play, names
from support.scheduler.making import cancel, submission

from xqueue_common.events import Configure, Purge, Reorder, Reprioritize
from xqueue_common.limits import Limit, Purging, QueueSettings, queue_setting, tenant_setting


def _serve(play: Play, count: int) -> str:
    play.offers("w", slots=1)
    play.call()
    return play.serve(count)


def test_a_new_priority_moves_what_waits_and_keeps_its_place() -> None:
    play = Play(slots=0)
    play.submit("a", "b", "c")
    play.submit("d", run_at_ms=9_000)
    play.call(*[Reprioritize(name, "acme", 3) for name in "cbbd"], Reprioritize("a", "somebody", 9))
    assert [play.task(name).version for name in "abcd"] == [1, 2, 2, 2]
    assert _serve(play, 3) == "bca"


def test_a_running_task_keeps_its_priority() -> None:
    play = Play()
    play.submit("a")
    play.call(Reprioritize("a", "acme", 3))
    assert (play.task("a").priority, play.task("a").version) == (0, 2)


def test_a_reorder_puts_tasks_first_before_all_shares_and_after_higher_priorities() -> None:
    play = Play(slots=0)
    play.submit("a", "b", tenant="rich")
    play.submit("c", "d", "e", tenant="poor")
    play.submit("f", tenant="poor", priority=1)
    play.call(Reorder("q", ["e", "b", "nobody", "e"]))
    assert [play.task(name).place for name in "eb"] == [-2, -1]
    play.call(Reorder("q", ["d"]))
    assert play.task("d").place == -3
    assert _serve(play, 6) == "fdebac"


def test_a_reorder_passes_over_what_is_not_the_tenants_or_not_in_the_queue() -> None:
    play = Play(slots=0)
    play.submit("a", tenant="other")
    play.submit("b", queue="r")
    play.submit("c", "d")
    play.call(Reorder("q", ["a", "b", "d"], tenant="acme"))
    assert [play.task(name).place for name in "abcd"] == [1, 2, 3, -1]


def test_a_purge_cancels_what_waits_and_nothing_that_runs_or_comes_later() -> None:
    play = Play()
    play.submit("a", "b")
    play.submit("c", run_at_ms=9_000)
    play.submit("d", tenant="other")
    play.submit("e", queue="r")
    play.call(Purge("q", tenant="acme"), submission(task_id="f"))
    assert [play.status(name) for name in "abcdef"] == [
        "processing", "canceled", "canceled", "pending", "pending", "pending",
    ]  # fmt: skip


def test_a_large_purge_goes_on_for_calls_through_a_loss() -> None:
    play = Play(slots=0)
    play.submit(*names("a", 1100))
    left = []
    for command in ([Purge("q")], [submission(task_id="new")], [], []):
        play.call(*command)
        left.append(len(play.fold.open()))
        play.cell.lose(play.now_ms)
    assert left == [600, 101, 1, 1]
    assert play.fold.settings.keys() == {"queue/q"}


def test_a_queue_is_known_from_its_first_task_on() -> None:
    play = Play(slots=0)
    play.submit("a", "b")
    assert play.fold.settings == {"queue/q": (1, QueueSettings())}


def test_a_setting_is_changed_only_at_the_version_that_was_expected() -> None:
    play = Play()
    name = tenant_setting("acme")
    play.set(name, Limit(weight=1), expected=1)
    assert name not in play.fold.settings
    play.set(name, Limit(weight=2), expected=0)
    play.set(name, Limit(weight=3), expected=0)
    assert play.fold.settings[name] == (1, Limit(weight=2))
    play.set(name, Limit(weight=4))
    assert play.fold.settings[name] == (2, Limit(weight=4))
    play.set(name, None, expected=1)
    play.set(name, None, expected=2)
    assert name not in play.fold.settings


def test_a_queue_that_holds_tasks_is_removed_only_by_force_which_cancels_them() -> None:
    play = Play()
    play.submit("a", "b")
    play.set(queue_setting("q"), None)
    assert queue_setting("q") in play.fold.settings
    play.set(queue_setting("q"), None, force=True)
    assert (play.status("a"), play.task("a").cancel, play.status("b")) == ("processing", True, "canceled")
    assert play.fold.settings == {}
    play.end("a")
    assert play.status("a") == "canceled"


def test_a_large_queue_is_gone_at_once_and_its_tasks_go_behind_it() -> None:
    play = Play()
    play.submit(*names("a", 700))
    play.set(queue_setting("q"), None, force=True)
    assert play.fold.settings == {"purge/q/": (1, Purging("q", before=701, running=True))}
    assert (play.task("a0001").cancel, len(play.fold.open())) == (True, 200)
    play.call()
    assert (play.fold.settings, play.running(), len(play.fold.open())) == ({}, ["a0001"], 1)


def test_a_queue_to_which_tasks_come_after_its_removal_begins_anew() -> None:
    play = Play(slots=0)
    play.set(queue_setting("q"), QueueSettings(max_concurrency=3))
    play.submit("a")
    play.call(Configure(queue_setting("q"), force=True), submission(task_id="b"), cancel("nobody"))
    assert (play.status("a"), play.status("b")) == ("canceled", "pending")
    assert play.fold.settings == {queue_setting("q"): (1, QueueSettings())}
