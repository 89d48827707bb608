"""What goes into headers, checked where it is given: the HTTP library would say it later, and less clearly."""

from xqueue_client.errors import BadHeader


def access_headers(*, tenant: str | None, api_key: str | None) -> dict[str, str]:
    """Return the headers that say who asks.

    Raises:
        BadHeader: one of them cannot be sent.
    """
    headers = {} if tenant is None else {"X-XQ-Tenant": sendable("tenant", tenant)}
    if api_key is not None:
        headers["Authorization"] = f"Bearer {sendable('API key', api_key)}"
    return headers


def sendable(name: str, text: str) -> str:
    """Return a text that a header can carry.

    Raises:
        BadHeader: this one cannot be.
    """
    if not (text and text.isascii() and text.isprintable() and text.strip() == text):
        raise BadHeader(name)
    return text
