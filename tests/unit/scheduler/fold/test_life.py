"""How attempts end and what follows, and what a loss of Redis leaves."""

from support.scheduler.fold import views
from support.scheduler.fold.playing import Play, names
from support.scheduler.fold.shares import Flow
from support.scheduler.fold.state import Heard
from support.scheduler.making import cancel, finished, returned, started, submission

from xqueue_common.events import TimerFired


def _lease(play: Play, task_id: str, after_ms: int = 0) -> None:
    play.call(reports=(play.about(task_id, TimerFired(task_id, None, "lease", 0)),), after_ms=after_ms)


def test_a_task_runs_and_succeeds() -> None:
    play = Play()
    play.submit("a")
    play.end("a")
    assert views.standing(play.task("a"))[:7] == ("success", 1, 0, False, 3, 0, 1)


def test_the_first_submission_of_a_task_counts() -> None:
    play = Play(slots=0)
    play.submit("a", key="k", limit=1)
    play.submit("a", key="k", limit=5)
    assert (play.task("a").version, play.fold.wishes["acme/k"].limit, play.fold.seq) == (1, 1, 1)


def test_a_failed_attempt_is_tried_again_in_its_old_place_until_no_retry_is_left() -> None:
    play = Play()
    play.submit("a", "b", key="k", max_retry=1)
    play.end("a", outcome="failed")
    assert (play.status("a"), play.running()) == ("scheduled", ["b"])
    play.call(reports=(play.about("a", TimerFired("a", None, "delay", 0)),))
    play.end("b")
    play.end("a", outcome="failed")
    assert views.standing(play.task("a"))[:7] == ("failed", 2, 2, False, 6, 0, 1)


def test_a_failure_may_ask_for_a_retry_at_once_or_for_none() -> None:
    play = Play()
    play.submit("a", "b")
    play.end("a", outcome="failed", retry_after_ms=0)
    assert play.running() == ["a"], "it is the first of its group again"
    play.end("a", outcome="failed", retryable=False)
    assert (play.status("a"), play.running()) == ("failed", ["b"])


def test_what_is_handed_back_or_never_claimed_uses_no_retry() -> None:
    play = Play()
    play.submit("a", max_retry=0)
    play.call(reports=(play.about("a", returned("a", "")),))
    assert (play.task("a").attempt, play.status("a")) == (2, "processing")
    _lease(play, "a")
    assert (play.task("a").attempt, play.status("a"), play.task("a").failures) == (3, "processing", 0)


def test_a_claimed_attempt_whose_lease_ends_is_lost_and_one_past_its_deadline_too_slow() -> None:
    play = Play()
    play.submit("a", "b", process_timeout_ms=5_000)
    assert play.cell.claim("a", 1)
    _lease(play, "a", after_ms=14_999)
    assert (play.status("a"), play.fold.estimates) == ("scheduled", {})
    _lease(play, "b", after_ms=15_000)
    assert (play.status("b"), play.fold.estimates["t"].ms) == ("scheduled", 15_000)


def test_a_report_about_another_attempt_changes_nothing() -> None:
    play = Play()
    play.submit("a")
    play.call(reports=(play.about("a", returned("a", "")),))
    play.call(reports=(Heard(1, finished("a", "")), Heard(1, TimerFired("a", None, "lease", 0))))
    assert (play.task("a").attempt, play.status("a")) == (2, "processing")


def test_a_start_is_a_version_and_a_claim() -> None:
    play = Play()
    play.submit("a")
    play.call(reports=(play.about("a", started("a", "")),))
    assert (play.task("a").version, play.task("a").claimed) == (3, True)


def test_a_cancelled_task_ends_canceled_however_its_attempt_ends() -> None:
    play = Play(slots=3)
    play.submit("a", "b", "c")
    play.call(*[cancel(name) for name in "abc"])
    play.call(cancel("a"), cancel("b", tenant="somebody"))
    assert play.task("a").version == 3, "the second cancel says nothing new"
    play.end("a")
    _lease(play, "b")
    play.call(reports=(play.about("c", returned("c", "")),))
    assert [play.status(name) for name in "abc"] == ["canceled"] * 3


def test_a_task_waits_for_its_time_and_not_for_ever() -> None:
    play = Play(slots=0)
    play.submit("a", run_at_ms=500)
    assert play.status("a") == "scheduled"
    play.call(reports=(Heard(0, TimerFired("a", None, "delay", 500)),), after_ms=500)
    assert play.status("a") == "pending"
    play.call(reports=(Heard(0, TimerFired("a", None, "queue_timeout", 0)),))
    assert (play.status("a"), play.task("a").version) == ("timeout", 3)


def test_a_time_in_the_past_is_now() -> None:
    play = Play()
    play.call(after_ms=600)
    play.submit("a", run_at_ms=600)
    assert play.status("a") == "processing"


def test_reports_come_before_commands_and_both_before_grants() -> None:
    play = Play()
    play.submit("a")
    first = play.about("a", finished("a", ""))
    play.call(submission(task_id="b"), submission(task_id="c", priority=1), cancel("c"), reports=(first,))
    assert (play.status("a"), play.status("b"), play.status("c")) == ("success", "processing", "canceled")


def test_a_call_grants_no_more_than_it_may() -> None:
    play = Play(slots=9)
    commands = [submission(task_id=name) for name in names("a", 9)]
    assert len(play.cell.call(0, commands=commands, most=4)) == 4
    assert len(play.cell.call(0, most=4)) == 4


def test_after_a_loss_tasks_stand_as_they_did_and_shares_begin_anew_with_what_runs() -> None:
    play = Play(slots=2)
    play.submit(*names("a", 5), key="k", limit=2)
    play.end("a0001", after_ms=3_000)
    before = views.standings(play.fold)
    holders = views.holders(play.fold)
    play.cell.claim("a0002", 1)
    play.cell.lose(play.now_ms)
    assert (views.standings(play.fold), views.holders(play.fold)) == (before, holders)
    assert (play.tenant(), play.fold.estimates) == (Flow(4_000_000, 0), {}), "what runs is charged again"
    assert play.fold.wishes["acme/k"].limit == 2
    assert not play.task("a0002").claimed
    assert play.call() == [], "no worker is known"
