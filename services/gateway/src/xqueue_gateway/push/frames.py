"""WebSocket frames, made once for all subscribers: what a server sends is not masked. Nothing here does I/O."""

_TEXT = b"\x81"
"""A whole text message."""
_SHORT, _MEDIUM, _LONG = 126, 126, 127
_MOST_MEDIUM = 1 << 16


def text_frame(text: str) -> bytes:
    """Return the frame that carries a text (RFC 6455, section 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < _SHORT:
        return b"%b%c%b" % (_TEXT, size, payload)
    if size < _MOST_MEDIUM:
        return b"%b%c%b%b" % (_TEXT, _MEDIUM, size.to_bytes(2, "big"), payload)
    return b"%b%c%b%b" % (_TEXT, _LONG, size.to_bytes(8, "big"), payload)
