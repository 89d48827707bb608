"""Events find exactly those who want them, without asking the others."""

from hypothesis import given
from hypothesis import strategies as st
from unit.gateway.made import spec, state, task_id

from xqueue_common.lifecycle import Status
from xqueue_gateway.push.events import Event, StatusEvent
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.messages import Request
from xqueue_gateway.push.selection import Filter
from xqueue_gateway.push.spots import ANY
from xqueue_gateway.push.subscriber import Subscriber

_some = {"max_size": 2, "unique": True}
_filters = st.builds(
    Filter,
    task_id=st.lists(st.sampled_from([task_id(1), task_id(2)]), **_some),
    queue=st.lists(st.sampled_from(["a", "b"]), **_some),
    type=st.lists(st.sampled_from(["x", "y"]), **_some),
    status=st.lists(st.sampled_from([Status.PENDING, Status.SUCCESS]), **_some),
    concurrency_key=st.lists(st.sampled_from(["k", "l"]), **_some),
    label=st.lists(st.sampled_from(["team:a", "team:b", "tier:1"]), **_some),
)
_specs = st.builds(
    spec,
    st.integers(1, 3),
    queue=st.sampled_from(["a", "b", "c"]),
    type=st.sampled_from(["x", "y", "z"]),
    tenant=st.sampled_from(["default", "other"]),
    concurrency_key=st.sampled_from([None, "k", "l"]),
    labels=st.sampled_from([None, {"team": "a"}, {"team": "b", "tier": "1"}]),
)


class Listener:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def hear(self, event: Event) -> None:
        assert event
        self.asked += 1


@given(
    st.lists(_filters, max_size=3),
    st.sampled_from(["default", "other", None]),
    _specs,
    st.sampled_from(["pending", "success", "failed"]),
)
def test_whoever_wants_a_task_is_told_once_and_nobody_else(
    filters: list[Filter], sees: str | None, of: object, status: str
) -> None:
    hub = Hub()
    subscriber = Subscriber(hub, sees, most_bytes=100_000, wake=lambda: None)
    for wanted in filters:
        subscriber.subscribe(Request("subscribe", wanted, {}))

    hub.tell(StatusEvent(of, state(status)))  # type: ignore[arg-type]  # made by spec

    may_see = sees in (None, of.tenant)  # type: ignore[attr-defined]
    wants = may_see and any(f.admits(of, Status(status)) for f in filters)  # type: ignore[arg-type]
    assert len(subscriber.take(100_000)) == wants
    subscriber.leave()
    assert hub.audience(of) == set()  # type: ignore[arg-type]


def test_those_who_want_something_else_are_not_asked() -> None:
    hub, idle = Hub(), Listener()
    hub.join_tenant("other", ANY, idle)
    hub.join_tenant("default", ("queue", "elsewhere"), idle)
    hub.join_tenant("default", ("label", "team:b"), idle)
    hub.join_tenant(None, ("type", "another"), idle)
    hub.join_task(task_id(2), idle)

    hub.tell(StatusEvent(spec(1, labels={"team": "a"}), state()))

    assert idle.asked == 0


def test_an_operator_hears_all_tenants() -> None:
    hub, operator = Hub(), Listener()
    hub.join_tenant(None, ANY, operator)

    for tenant in ("default", "other"):
        hub.tell(StatusEvent(spec(1, tenant=tenant), state()))

    assert operator.asked == 2


def test_whoever_waits_is_told_that_the_gateway_stops() -> None:
    hub, told = Hub(), []
    with hub.closes(lambda: told.append("stop")):
        hub.close()
    hub.close()

    assert told == ["stop"]
    assert hub.closing
