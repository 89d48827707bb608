"""Query strings, as HTTP and WebSocket clients write them."""

from urllib.parse import parse_qs

from xqueue_gateway.problems import FieldError, invalid


def parameters_in(query: bytes, *, most: int) -> dict[str, list[str]]:
    """Return what a query string says, by name; empty values are kept.

    Raises:
        Problem: 422, it is not UTF-8, or has more than ``most`` parameters.
    """
    try:
        return parse_qs(query.decode(), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError as error:
        hint = f"percent-encode UTF-8, at most {most} parameters"
        raise invalid(FieldError("query", "cannot be read", hint)) from error
