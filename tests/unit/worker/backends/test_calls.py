import pytest

from xqueue_worker.backends.breaker import Standing
from xqueue_worker.backends.calls import MAX_WORDS, Answer, Failure, Next, Tried, next_of, rest_s, standing_of

SERVER = "http://gpu"


def answered(status: int, retry_after_s: float | None = None) -> Answer:
    return Answer(status, "text/plain", b"no", SERVER, retry_after_s)


@pytest.mark.parametrize(
    ("tried", "idempotent", "otherwise"),
    [
        (answered(200), Next.RETURN, Next.RETURN),
        (answered(204), Next.RETURN, Next.RETURN),
        (answered(302), Next.REFUSED, Next.REFUSED),
        (answered(400), Next.REFUSED, Next.REFUSED),
        (answered(422), Next.REFUSED, Next.REFUSED),
        (answered(429), Next.ELSEWHERE, Next.LATER),
        (answered(500), Next.ELSEWHERE, Next.UNKNOWN),
        (answered(501), Next.REFUSED, Next.REFUSED),
        (answered(503), Next.ELSEWHERE, Next.UNKNOWN),
        (Failure("broke off"), Next.ELSEWHERE, Next.UNKNOWN),
        (Failure("cannot be reached", unsent=True), Next.ELSEWHERE, Next.ELSEWHERE),
    ],
)
def test_what_follows_depends_on_whether_it_may_be_done_twice(
    tried: Tried, idempotent: Next, otherwise: Next
) -> None:
    assert next_of(tried, idempotent=True) is idempotent
    assert next_of(tried, idempotent=False) is otherwise


@pytest.mark.parametrize(
    ("tried", "standing"),
    [
        (answered(200), Standing.GOOD),
        (answered(422), Standing.GOOD),
        (answered(429), Standing.GOOD),
        (answered(501), Standing.GOOD),
        (answered(500), Standing.BAD),
        (Failure("broke off"), Standing.BAD),
    ],
)
def test_who_refuses_a_request_is_well(tried: Tried, standing: Standing) -> None:
    assert standing_of(tried) is standing


@pytest.mark.parametrize(
    ("tried", "seconds"),
    [
        (answered(429, 7.5), 7.5),
        (answered(429), 1.0),
        (answered(429, 86_400), 60.0),
        (answered(503, 3), 3.0),
        (answered(503), 0.0),
        (answered(500, 3), 0.0),
        (answered(200, 3), 0.0),
        (Failure("broke off"), 0.0),
    ],
)
def test_a_server_is_left_alone_for_as_long_as_it_asks_but_no_longer_than_a_minute(
    tried: Tried, seconds: float
) -> None:
    assert rest_s(tried) == seconds


def test_of_a_long_answer_the_beginning_is_shown() -> None:
    words = Answer(422, "text/plain", b"\xff" + b"x" * 10_000, SERVER).words

    assert words.startswith("http://gpu answered 422: \ufffdxxx")
    assert len(words) < MAX_WORDS + 50


def test_an_answer_is_read_as_json_of_a_type() -> None:
    assert Answer(200, "application/json", b"[1, 2]", SERVER).json(list[int]) == [1, 2]
