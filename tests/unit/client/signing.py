"""Signing webhooks as their sender does, from the words of the specification."""

import hashlib
import hmac
from base64 import b64decode, b64encode

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # of the specification's examples


def signed(body: bytes, *, at: int, event_id: str = "msg_1", secret: str = SECRET) -> dict[str, str]:
    """Return the headers of a webhook that is sent at this second."""
    content = f"{event_id}.{at}.".encode() + body
    key = b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
