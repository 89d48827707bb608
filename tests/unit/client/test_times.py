"""Times as people write them on the command line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from xqueue_client.command.exits import Misused
from xqueue_client.command.times import moment_of, seconds


@pytest.mark.parametrize(
    ("text", "span"),
    [("30d", 2_592_000), ("12h", 43_200), ("90m", 5_400), ("45s", 45), ("45", 45), ("1.5h", 5_400), ("0", 0)],
)
def test_spans_of_time_are_read(text: str, span: float) -> None:
    read: Any = seconds("--overlap", text)

    assert (read, type(read)) == (span, int)
    assert seconds("--overlap", "0.5s") == 0.5
    assert seconds("--overlap", None) is None


@pytest.mark.parametrize("text", ["1 h", "-1h", "h", "1h30m", "\uff11h", "1e3", "inf", "1h\n"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(Misused, match="is no span of time"):
        seconds("--overlap", text)


def test_a_moment_is_one_or_the_time_since() -> None:
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)

    assert moment_of("--since", "90m", noon) == noon - timedelta(minutes=90)
    assert moment_of("--since", "2030-01-01T13:00:00+01:00") == noon
    assert moment_of("--since", "2030-01-01T12:00:00Z") == noon
    local = moment_of("--since", "2030-01-01")
    assert local is not None
    assert local == datetime(2030, 1, 1).astimezone()  # a day of this place
