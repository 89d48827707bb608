"""What cannot be sent in a header is told before anything is sent."""

import pytest

from xqueue_client import BadHeader, Client


@pytest.mark.parametrize("text", ["", "mädchen", "two\nlines", " blank ", "tab\t"])
def test_a_text_that_no_header_carries_is_named(text: str) -> None:
    with pytest.raises(BadHeader, match="tenant"):
        Client("http://gateway", tenant=text)
    with pytest.raises(BadHeader, match="API key"):
        Client("http://gateway", api_key=text)
    with Client("http://gateway") as client, pytest.raises(BadHeader, match="idempotency key"):
        client.submit("example", idempotency_key=text)
