"""Who is let in: origins of web pages, tenants, content types."""

from typing import Any

import pytest

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.access.principal import ANYBODY, let_in
from xqueue_gateway.http.body import require_json
from xqueue_gateway.http.origins import Origins
from xqueue_gateway.problems import Problem
from xqueue_gateway.server import is_loopback


def scope(method: str = "POST", kind: str = "http", **headers: str) -> Any:
    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    made: Any = {"type": kind, "method": method, "headers": named}
    let_in(made, ANYBODY)
    return made


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8080", "localhost:8080"),
        ("http://example.com", "example.com"),
        ("https://example.com", "example.com:443"),
        ("http://Example.com:80", "example.com"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://app.example.com", "api.example.com"),
    ],
)
def test_a_page_of_our_own_or_an_allowed_origin_is_let_in(origin: str, host: str) -> None:
    Origins("https://app.example.com, https://other.example.com/").check(scope(origin=origin, host=host))


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "localhost:8080"),
        ("http://localhost:9090", "localhost:8080"),
        ("https://localhost", "localhost:80"),
        ("null", "localhost:8080"),
        ("", "localhost:8080"),
        ("http://[::1", "localhost:8080"),
        ("https://app.example.com.evil.example", "localhost"),
        ("\xff", "localhost"),
    ],
)
def test_a_page_of_another_origin_may_change_nothing_and_open_no_websocket(origin: str, host: str) -> None:
    origins = Origins("https://app.example.com")

    for refused in (scope(origin=origin, host=host), scope(kind="websocket", origin=origin, host=host)):
        with pytest.raises(Problem) as caught:
            origins.check(refused)
        assert caught.value.kind.status == 403
    origins.check(scope("GET", origin=origin, host=host))


def test_who_is_no_web_page_is_let_in() -> None:
    Origins("").check(scope(host="anything"))


def test_all_origins_may_be_allowed() -> None:
    Origins("*").check(scope(origin="https://any.example", host="localhost"))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'APPLICATION/JSON;Charset="UTF-8"',
        "application/vnd.xqueue+json",
        "application/json;v=1",
    ],
)
def test_json_is_taken_under_every_name_of_it(content_type: str) -> None:
    require_json(scope(content_type=content_type))


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=latin-1",
        "text/json",
        "application/jsoné",
    ],
)
def test_what_does_not_say_that_it_is_json_is_refused(content_type: str) -> None:
    with pytest.raises(Problem) as caught:
        require_json(scope(content_type=content_type))

    assert caught.value.kind.status == 415


def test_the_headers_say_who_asks() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    caller = caller_of(scope(x_xq_tenant="acme", idempotency_key="k1", traceparent=trace))

    assert (caller.tenant, caller.sees, caller.key, caller.trace) == ("acme", "acme", "k1", trace)


def test_without_headers_it_is_the_default_tenant() -> None:
    caller = caller_of(scope())

    assert (caller.tenant, caller.sees, caller.key, caller.trace) == ("default", "default", None, None)


def test_a_trace_that_cannot_be_read_is_ignored() -> None:
    assert caller_of(scope(traceparent="nonsense")).trace is None


@pytest.mark.parametrize("tenant", ["", "a b", "../x", "*", "é", "-a", "a" * 65])
def test_a_tenant_of_another_form_is_refused(tenant: str) -> None:
    with pytest.raises(Problem):
        caller_of(scope(x_xq_tenant=tenant))


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_idempotency_key_of_another_length_is_refused(key: str) -> None:
    with pytest.raises(Problem):
        caller_of(scope(idempotency_key=key))


@pytest.mark.parametrize(
    ("host", "reached_from_here_only"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104  # compared, not bound
        ("::", False),
        ("192.168.1.5", False),
        ("example.com", False),
    ],
)
def test_the_loopback_is_told_apart_from_what_others_reach(host: str, *, reached_from_here_only: bool) -> None:
    assert is_loopback(host) is reached_from_here_only
