"""What an answer means."""

import pytest

from xqueue_notifier.webhooks.answers import Answer, Verdict, is_well, retry_after_ms, trouble_in, verdict_on


@pytest.mark.parametrize(
    ("status", "verdict", "well"),
    [
        (200, Verdict.DELIVERED, True),
        (204, Verdict.DELIVERED, True),
        (301, Verdict.AGAIN, True),
        (404, Verdict.AGAIN, True),
        (410, Verdict.GONE, True),
        (429, Verdict.AGAIN, True),
        (500, Verdict.AGAIN, False),
        (503, Verdict.AGAIN, False),
        (None, Verdict.AGAIN, False),
    ],
)
def test_only_2xx_is_a_success(status: int | None, verdict: Verdict, well: bool) -> None:  # noqa: FBT001
    answer = Answer(status)
    assert (verdict_on(answer), is_well(answer)) == (verdict, well)
    assert (trouble_in(answer) is None) == (verdict is Verdict.DELIVERED)


def test_a_call_that_was_not_made_says_nothing_about_the_host() -> None:
    assert is_well(Answer(None, "its address is not public", refused=True)) is None


@pytest.mark.parametrize(
    ("status", "header", "wait_ms"),
    [
        (429, "120", 120_000),
        (503, " 7 ", 7_000),
        (500, "120", 0),
        (429, None, 0),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", 0),
        (429, "-1", 0),
        (429, "\u0661", 1_000),
        (429, "9" * 5_000, 30 * 86_400_000),
    ],
)
def test_a_receiver_may_ask_for_time(status: int, header: str | None, wait_ms: int) -> None:
    assert retry_after_ms(status, header) == wait_ms
