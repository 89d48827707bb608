"""What may run where, and what holds it back."""

from support.scheduler.fold import views
from support.scheduler.fold.offers import split
from support.scheduler.fold.playing import Play, names
from support.scheduler.making import cancel, submission

from xqueue_common.limits import (
    Limit,
    QueueSettings,
    Rate,
    key_setting,
    queue_setting,
    tenant_setting,
    type_setting,
)
from xqueue_common.task import Resources


def test_the_highest_priority_runs_first_whoever_waits() -> None:
    play = Play(slots=0)
    play.submit(*names("a", 3), tenant="a")
    play.submit(*names("b", 3), tenant="b", priority=5)
    play.submit(*names("c", 3), tenant="c", priority=9)
    play.offers("w", slots=1)
    play.call()
    assert play.serve(9) == "cccbbbaaa"


def test_a_key_at_its_limit_costs_others_nothing() -> None:
    play = Play(slots=3)
    play.submit(*names("k", 9), key="k", limit=1, priority=9)
    play.submit(*names("f", 9), tenant="other")
    assert play.running() == ["k0001", "f0001", "f0002"]
    assert views.levels(play.fold).keys() == {"q/t//0"}, "what is blocked stands nowhere"
    play.end("k0001")
    assert "k0002" in play.running()


def test_each_of_four_scopes_limits() -> None:
    one = Limit(max_concurrency=1)
    for name, value in (
        (key_setting("acme", "k"), one),
        (tenant_setting("acme"), one),
        (type_setting("t"), one),
        (queue_setting("q"), QueueSettings(max_concurrency=1)),
    ):
        play = Play(slots=3)
        play.set(name, value)
        play.submit("a", "b", "c", key="k", limit=2)
        assert play.running() == ["a"], name
        play.set(name, None)
        assert len(play.running()) == (1 if name == "queue/q" else 2), "a queue with tasks stays"


def test_a_pinned_limit_counts_before_that_of_a_submission_and_gives_way_to_it_when_removed() -> None:
    play = Play(slots=9)
    play.set(key_setting("acme", "k/with/slashes"), Limit(max_concurrency=3))
    play.submit(*names("a", 9), key="k/with/slashes", limit=1)
    assert len(play.running()) == 3
    play.set(key_setting("acme", "k/with/slashes"), Limit(weight=2))
    play.end("a0001", "a0002", after_ms=0)
    assert len(play.running()) == 1


def test_what_is_paused_begins_nothing_and_what_runs_goes_on() -> None:
    play = Play()
    play.submit("a", "b", key="k")
    play.set(key_setting("acme", "k"), Limit(paused=True))
    play.end("a")
    assert (play.status("a"), play.status("b")) == ("success", "pending")
    play.set(key_setting("acme", "k"), None)
    assert play.running() == ["b"]


def test_a_rate_lets_its_burst_begin_and_then_one_after_each_interval() -> None:
    play = Play(slots=9)
    play.set(tenant_setting("acme"), Limit(rate=Rate(per_second=2, burst=2)))
    play.submit(*names("a", 9))
    assert len(play.running()) == 2
    assert len(play.call(after_ms=499)) == 0
    assert len(play.call(after_ms=1)) == 1
    assert len(play.call(after_ms=700)) == 1
    assert len(play.call(after_ms=300)) == 1, "what was not used in time is not lost"
    assert len(play.call(after_ms=9_000)) == 2, "but no more than the burst is kept"


def test_a_rate_has_an_empty_bucket_after_a_loss() -> None:
    play = Play(slots=0)
    play.set(type_setting("t"), Limit(rate=Rate(per_second=2, burst=3)))
    play.submit(*names("a", 9))
    play.cell.lose(play.now_ms)
    play.offers("w", slots=9)
    assert len(play.call(after_ms=499)) == 0
    assert len(play.call(after_ms=1)) == 1


def test_a_task_goes_to_the_emptiest_worker_and_of_those_to_the_last_by_name() -> None:
    play = Play(slots=2)
    play.offers("v", slots=2)
    play.offers("x", slots=1)
    assert [grant.worker for grant in play.submit(*names("a", 9))] == ["w", "v", "x", "w", "v"]


def test_a_worker_gets_what_it_serves() -> None:
    play = Play(slots=9, queues=("ocr-*", "mail"), types=("t", "u"))
    play.submit("a", queue="ocr-fast")
    play.submit("b", queue="mail", type="u")
    play.submit("c", queue="mails")
    play.submit("d", queue="mail", type="v")
    assert play.running() == ["a", "b"]


def test_slots_and_gpu_memory_must_be_free_on_one_worker() -> None:
    play = Play(slots=3, gpu_memory_mb=8_000)
    play.submit("a", resources=Resources(slots=2, gpu_memory_mb=6_000), priority=9)
    play.submit("b", resources=Resources(gpu_memory_mb=4_000), priority=5)
    play.submit("c", "d")
    assert play.running() == ["a", "c"], "b needs more memory than is left, and holds nobody back"
    assert views.holders(play.fold) == {
        "k/acme/": {"a:1", "c:1"},
        "n/acme": {"a:1", "c:1"},
        "t/t": {"a:1", "c:1"},
        "q/q": {"a:1", "c:1"},
        "w/w": {"a:1", "c:1"},
        "x/w": {"a:1:1:6000"},
    }
    play.end("a")
    assert play.running() == ["b", "c", "d"]


def test_a_worker_that_left_gets_nothing() -> None:
    play = Play()
    play.cell.leave("w")
    play.submit("a")
    assert play.running() == []


def test_a_cancelled_attempt_keeps_its_slots_until_it_ends() -> None:
    play = Play()
    play.submit("a", "b")
    play.call(cancel("a"))
    assert play.running() == ["a"]
    play.end("a", outcome="canceled")
    assert (play.status("a"), play.running()) == ("canceled", ["b"])


# ---- shares of queues ----


def test_a_share_is_split_by_largest_remainder_of_what_workers_offer() -> None:
    assert split(5, {"a": 3, "b": 3, "c": 1}) == {"a": 2, "b": 2, "c": 1}
    assert split(4, {"a": 1, "b": 1, "c": 1}) == {"a": 1, "b": 1, "c": 1}, "nobody gives more than it has"
    assert split(1, {"b": 2, "a": 2}) == {"a": 1, "b": 0}
    assert split(3, {"a": 0}) == {}


def test_a_queue_gets_its_share_before_all_others_and_more_only_after_them() -> None:
    play = Play(slots=0)
    play.set(queue_setting("own"), QueueSettings(workers=1))
    play.submit(*names("o", 3), queue="own")
    play.submit(*names("f", 2), queue="free", priority=9)
    play.offers("w", slots=4)
    play.call()
    assert play.granted == ["o0001", "f0001", "f0002", "o0002"]


def test_a_slot_of_its_own_is_taken_before_one_on_an_emptier_worker() -> None:
    play = Play(slots=1, queues=("own", "free"))
    play.offers("big", slots=9, queues=("free",))
    play.set(queue_setting("own"), QueueSettings(workers=1))
    play.submit("f", queue="free")
    play.submit("o", queue="own")
    assert play.task("o").worker == "w"


def test_a_share_counts_what_its_queue_runs_already() -> None:
    play = Play(slots=2)
    play.submit("before", queue="own")
    play.set(queue_setting("own"), QueueSettings(workers=1))
    play.call(submission(task_id="own", queue="own"), submission(task_id="other", queue="r"))
    assert play.granted == ["before", "other"]


# ---- ageing ----


def test_what_ages_rises_by_one_after_each_span_and_begins_anew_when_it_waits_again() -> None:
    play = Play(slots=0)
    play.set(queue_setting("q"), QueueSettings(aging_ms=1_000))
    play.submit("old")
    play.call(after_ms=2_999)
    play.submit("new", priority=2)
    play.submit("other", priority=3, queue="r")
    play.offers("w", slots=1)
    play.call()
    assert play.granted == ["other"]
    play.end("other", after_ms=1)
    assert play.granted[1:] == ["old"], "both have priority 3, and it is older"
    play.end("old", outcome="failed", retry_after_ms=0)
    assert play.granted[2:] == ["new"], "what is tried again has not waited"
