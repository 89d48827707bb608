"""Who gets how much, on examples that were computed by hand."""

from support.scheduler.fold import views
from support.scheduler.fold.playing import Play, names
from support.scheduler.fold.share import Share
from support.scheduler.fold.shares import Estimate, Flow, charged, corrected, cost, learned, moved, restart
from support.scheduler.making import cancel, returned, submission

from xqueue_common.limits import Limit, key_setting, tenant_setting
from xqueue_common.task import Resources

S = 1_000_000
"""Virtual times are us; an attempt is taken for a second at first."""


def test_a_grant_moves_a_flow_by_its_cost_over_its_weight() -> None:
    assert charged(Flow(500, 0), 1000, 4) == Flow(750, 0)
    assert charged(Flow(500, 0), 1000, 3) == Flow(833, 0), "rounded down"


def test_what_is_owed_pays_for_the_next_grants() -> None:
    assert charged(Flow(500, -100), 1000, 4) == Flow(650, 0)
    assert charged(Flow(500, -400), 1000, 4) == Flow(500, -150), "a flow never goes back"


def test_time_moves_by_the_cost_over_all_weights_or_to_who_was_served() -> None:
    assert moved(1000, 1000, 700, 7) == 1100
    assert moved(1000, 3000, 700, 7) == 3000


def test_an_attempt_that_took_longer_moves_its_flow_on_and_a_shorter_one_is_owed_for() -> None:
    assert corrected(Flow(1000, 0), 2000, 2) == Flow(2000, 0)
    assert corrected(Flow(1000, 0), -600, 2) == Flow(1000, -300)
    assert corrected(Flow(1000, -300), 200, 2) == Flow(1000, -200)
    assert corrected(Flow(1000, -300), 2000, 2) == Flow(1700, 0)
    assert corrected(Flow(1000, 0), -100, 3) == Flow(1000, -34), "rounded down"


def test_an_attempt_costs_what_it_takes_on_all_its_slots() -> None:
    assert cost(0.25, 1) == 1_000, "a ms at least"
    assert cost(1234.5678, 3) == 3 * 1_234_567


def test_a_clock_goes_on_with_the_slowest_that_goes_but_never_back() -> None:
    assert restart(5, 3, 9) == 5
    assert restart(5, 7, 9) == 7
    assert restart(5, None, 9) == 5
    assert restart(0, None, 9) == 9, "it has never gone"


def test_clocks_go_on_while_their_level_is_ready_and_rest_else() -> None:
    share = Share()
    share.settle({"x": {"a"}})
    share.charge("x", "a", 4, weight=1, weights=2)
    share.settle({"x": {"b"}, "y": {"b"}})
    assert (share.clocks, share.lifts) == ({"x": 2, "y": 2}, {"x": {"b": 2}, "y": {"b": 2}})
    share.settle({"y": {"b"}})
    share.charge("y", "b", 10, weight=1, weights=2)
    assert (share.least(), share.furthest) == (7, 7)
    share.settle({"x": {"a"}, "y": {"b"}})
    assert share.clocks == {"x": 7, "y": 7}
    assert share.lifts["x"] == {"a": 3}, "it was served 4"


def test_clocks_that_go_on_at_once_do_not_count_for_one_another() -> None:
    share = Share(clocks={"x": 5, "y": 9}, furthest=9)
    share.settle({"x": {"a"}, "y": {"a"}})
    assert share.clocks == {"x": 5, "y": 9}


def test_an_estimate_is_the_first_run_then_their_mean_then_remembers_eight() -> None:
    assert learned(Estimate(), 400) == Estimate(400, 1)
    assert learned(Estimate(400, 1), 800) == Estimate(600, 2)
    assert learned(Estimate(600, 8), 1400) == Estimate(700, 8)


def test_tenants_of_weights_one_two_and_four_take_turns_by_them() -> None:
    play = Play(slots=0)
    play.weigh(a=1, b=2, c=4)
    for tenant in "abc":
        play.submit(*names(tenant, 20), tenant=tenant)
    play.offers("w", slots=1)
    play.call()
    assert play.serve(14) == "abccbcc" * 2
    assert play.fold.tenants.clocks == {"q/t//0": 14 * (S // 7)}


def test_keys_of_a_tenant_take_turns_by_the_weights_of_their_limits_or_submissions() -> None:
    play = Play(slots=0)
    play.set(key_setting("acme", "a"), Limit(weight=3))
    play.submit(*names("a", 20), key="a", weight=0.5)
    play.submit(*names("b", 20), key="b", weight=1)
    play.offers("w", slots=1)
    play.call()
    assert play.serve(8) == "abaaabaa"


def test_many_keys_gain_a_tenant_nothing() -> None:
    play = Play(slots=0)
    for name in names("many", 20):
        play.submit(name, tenant="sybil", key=name)
    play.submit(*names("one", 20), tenant="honest", key="k")
    play.offers("w", slots=1)
    play.call()
    assert play.serve(10) == "om" * 5


def test_who_was_idle_has_no_credit() -> None:
    play = Play()
    play.submit("z", tenant="zz")
    play.submit(*names("b", 20), tenant="busy")
    play.serve(11)
    play.submit(*names("i", 20), tenant="idle")
    assert play.serve(19)[11:] == "bibibibi"


def test_a_stream_of_new_keys_does_not_starve_one_that_was_served() -> None:
    play = Play()
    play.submit(*names("o", 20), key="old")
    for name in names("f", 20):
        play.submit(name, key=name)
        play.end(*play.running())
    assert "".join(name[0] for name in play.granted[:8]) == "ofoffoff"
    assert sum(name[0] == "o" for name in play.granted) >= 6


def test_an_attempt_that_never_ran_costs_nothing() -> None:
    play = Play()
    play.submit("a")
    assert play.tenant() == Flow(S, 0)
    play.cell.offer("w", play.fold.offers["w"]._replace(slots=0))
    play.call(reports=(play.about("a", returned("a", "")),), after_ms=300)
    assert play.tenant() == Flow(S, -S)
    assert play.fold.estimates == {}, "and teaches nothing"


def test_slots_multiply_the_cost() -> None:
    play = Play(slots=4)
    play.submit("a", resources=Resources(slots=3))
    play.submit("other")
    assert play.tenant() == Flow(4 * S, 0)
    play.end("a", after_ms=1500)
    assert play.tenant() == Flow(5_500_000, 0), "500 ms longer than it was charged, on three slots"


def test_a_tenant_stands_in_all_lanes_by_what_it_got_in_any() -> None:
    play = Play(slots=0, types=("t", "u"))
    play.submit(*names("a", 3), tenant="a", type="t")
    play.submit(*names("b", 3), tenant="b", type="t")
    play.submit(*names("c", 3), tenant="a", type="u")
    play.offers("w", slots=1, types=("t", "u"))
    play.call()
    assert play.serve(9) == "abababccc", "a has two lanes, and half of the turns"


def test_a_flow_that_is_blocked_enters_again_where_the_others_stand() -> None:
    play = Play(slots=2)
    play.submit("k1", "k2", key="k", limit=1)
    play.submit(*names("f", 20), tenant="other")
    for _ in range(5):
        play.end(*[name for name in play.running() if name[0] == "f"])
    entered = play.fold.tenants.clocks["q/t//0"]
    play.call(cancel("k1"))
    play.end("k1", after_ms=0, outcome="canceled")
    assert play.status("k2") == "processing"
    assert play.fold.tenants.clocks["q/t//0"] > entered >= 3 * S


def test_a_group_is_forgotten_with_its_last_task_and_a_tenant_when_time_has_passed_it() -> None:
    play = Play(slots=0)
    play.weigh(a=0.25)
    play.submit("a1", tenant="a", key="k")
    play.submit(*names("b", 20), tenant="b")
    play.offers("w", slots=1)
    play.call()
    assert (play.tenant("a").s, play.fold.tenants.least()) == (4 * S, 800_000)
    play.end("a1")
    assert play.fold.groups["a"].flows == {}
    seen = {}
    while "a" in play.fold.tenants.flows:
        seen[play.fold.tenants.least()] = True
        play.end(*play.running())
    assert max(now for now in seen if now is not None) < 4 * S
    assert (play.fold.tenants.least() or 0) >= 4 * S


def test_all_is_forgotten_when_nothing_is_open_but_what_types_take() -> None:
    play = Play()
    play.submit("a")
    play.end("a", after_ms=700)
    assert (play.fold.tenants, play.fold.groups) == (Share(), {})
    assert play.fold.estimates == {"t": Estimate(700, 1)}


def test_a_group_counts_in_w_while_it_has_open_tasks() -> None:
    play = Play()
    play.submit("a", key="a")
    play.submit("b", "c", key="b")
    play.end("a")
    assert play.fold.groups["acme"].clocks["q/t//0"] == 2 * S, "for one, and again for one"


def test_the_tags_of_what_is_ready_are_told_by_level() -> None:
    play = Play()
    play.submit("a1", "a2", tenant="a", key="k")
    play.submit("b1", tenant="b", priority=2)
    found = views.levels(play.fold)
    assert found["q/t//0"] == views.Level(ready=True, tenants={"a": S}, groups={"a/k": S})
    assert found["q/t//2"] == views.Level(ready=True, tenants={"b": S}, groups={"b/": 0})


def test_a_changed_weight_counts_from_the_next_grant() -> None:
    play = Play()
    play.submit("a1", "a2", tenant="a")
    play.set(tenant_setting("a"), Limit(weight=2))
    play.end("a1")
    assert play.tenant("a").s == S + S // 2


def test_a_submission_without_a_weight_leaves_that_of_its_key() -> None:
    play = Play(slots=0)
    play.call(submission(task_id="a", key="k", weight=2), submission(task_id="b", key="k"))
    assert play.fold.wishes["acme/k"].weight == 2
