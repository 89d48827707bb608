"""Limits: for what they are pinned, and what can be pinned."""

import json
from typing import Any

import pytest

from xqueue_common.limits import Limit, Rate
from xqueue_gateway.control.limit_order import (
    LIMIT_HINTS,
    LimitOrder,
    Subject,
    Use,
    limit_of,
    show_limit,
    subject_named,
    subject_of,
)
from xqueue_gateway.http.limits import name_in
from xqueue_gateway.problems import Problem
from xqueue_gateway.submissions.form import Form

KEY = Subject("key", "a/b", "acme")
TYPE = Subject("type", "ocr")
TENANT = Subject("tenant", "acme")


def limit(subject: Subject = KEY, **fields: Any) -> Limit:
    return limit_of(subject, Form(LimitOrder, LIMIT_HINTS).read(json.dumps(fields).encode()))


def fields_refused(subject: Subject = KEY, **fields: Any) -> set[str]:
    with pytest.raises(Problem) as caught:
        limit(subject, **fields)
    assert caught.value.kind.status == 422
    assert all(error.hint for error in caught.value.errors)
    return {error.field for error in caught.value.errors}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"/api/v1/limits/key/customer-7", "customer-7"),
        (b"/api/v1/limits/key/a/b", "a/b"),
        (b"/api/v1/limits/key/a%2Fb", "a/b"),
        (b"/api/v1/limits/key/a%252Fb", "a%2Fb"),
        (b"/api/v1/limits/key/a//b/", "a//b/"),
        (b"/api/v1/limits/key/%C3%BC%20%3F", "ü ?"),
        (b"/api/v1/limits/key/limits/x", "limits/x"),
        (b"/api/v1/limits/key/..", ".."),
    ],
)
def test_a_name_is_all_that_is_left_of_the_path_decoded_once(path: bytes, name: str) -> None:
    assert name_in(path) == name


def test_a_name_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(Problem) as caught:
        name_in(b"/api/v1/limits/key/%FF")

    assert [error.field for error in caught.value.errors] == ["name"]


@pytest.mark.parametrize("subject", [KEY, TYPE, TENANT])
def test_a_limit_is_found_again_under_the_name_of_its_setting(subject: Subject) -> None:
    assert subject_named(subject.setting) == subject


def test_keys_belong_to_whoever_asks_and_nothing_else_does() -> None:
    assert subject_of("key", "a/b", "acme") == KEY
    assert subject_of("type", "ocr", "acme") == TYPE
    assert subject_of("tenant", "acme", "other") == TENANT


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        ("keys", "a", "kind"),
        ("key", "", "name"),
        ("key", "a\x00", "name"),
        ("key", "a" * 257, "name"),
        ("type", "Ocr", "name"),
        ("tenant", "a/b", "name"),
    ],
)
def test_what_cannot_be_limited_is_refused(kind: str, name: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        subject_of(kind, name, "acme")

    assert [error.field for error in caught.value.errors] == [field]


def test_everything_that_is_pinned_is_stored_and_shown() -> None:
    pinned = limit(max_concurrency=2, rate={"per_second": 3}, weight=1.5, max_size=9, paused=True)
    shown = show_limit(KEY, pinned, Use(3, 4))

    assert pinned == Limit(2, Rate(3, 1), 1.5, 9, paused=True)
    assert (shown.kind, shown.name, shown.tenant, shown.max_size, shown.running, shown.waiting) == (
        "key",
        "a/b",
        "acme",
        9,
        3,
        4,
    )


def test_nothing_cannot_be_pinned() -> None:
    assert fields_refused() == {"body"}
    assert fields_refused(paused=False, weight=None) == {"body"}


def test_types_have_no_bound() -> None:
    assert fields_refused(TYPE, max_size=5) == {"max_size"}


def test_every_wrong_field_is_named_at_once() -> None:
    wrong: dict[str, Any] = {
        "max_concurrency": 0,
        "rate": {"per_second": 1, "burst": 0},
        "weight": 0,
        "paused": "no",
        "max": 1,
    }

    assert fields_refused(**wrong) == {"max_concurrency", "rate.burst", "weight", "paused", "max"}
    assert fields_refused(running=3, tenant="x") == {"running", "tenant"}
