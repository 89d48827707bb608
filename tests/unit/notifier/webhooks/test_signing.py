"""Signatures are what Standard Webhooks says, in the eyes of its own library."""

import time
from base64 import b64encode

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from xqueue_common.errors import ConfigError
from xqueue_common.registry.records import Secret
from xqueue_notifier.webhooks.signing import headers_of, key_of, keys_of, keys_of_setting

ONE, TWO = (f"whsec_{b64encode(letter * 24).decode()}" for letter in (b"1", b"2"))
BODY = '{"a":"ü"}'.encode()


def signed(*secrets: str, at_s: float | None = None) -> dict[str, str]:
    return headers_of("msg_1", int(at_s or time.time()), BODY, [key_of(secret) for secret in secrets])


def test_it_verifies() -> None:
    Webhook(ONE).verify(BODY, signed(ONE))


def test_with_two_secrets_it_verifies_with_either() -> None:
    for secret in (ONE, TWO):
        Webhook(secret).verify(BODY, signed(TWO, ONE))


@pytest.mark.parametrize(
    ("secret", "body", "headers"),
    [
        (TWO, BODY, signed(ONE)),
        (ONE, BODY + b" ", signed(ONE)),
        (ONE, BODY, {**signed(ONE), "webhook-id": "msg_2"}),
        (ONE, BODY, signed(ONE, at_s=1_000)),
    ],
)
def test_what_was_changed_does_not(secret: str, body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def test_without_a_secret_it_goes_unsigned() -> None:
    assert signed().keys() == {"webhook-id", "webhook-timestamp"}


def test_a_secret_may_be_plain_text() -> None:
    [key] = keys_of_setting("correct-horse")
    Webhook(b64encode(key).decode()).verify(BODY, headers_of("msg_1", int(time.time()), BODY, [key]))


def test_a_setting_may_hold_several() -> None:
    assert keys_of_setting(f"{ONE} {TWO}") == [b"1" * 24, b"2" * 24]
    assert keys_of_setting("") == []


def test_a_setting_that_is_no_base64_is_refused() -> None:
    with pytest.raises(ConfigError, match="XQ_WEBHOOK_SECRET"):
        keys_of_setting("whsec_!")


def test_secrets_that_have_run_out_sign_no_more() -> None:
    secrets = [Secret(ONE), Secret(TWO, until_ms=10)]
    assert (len(keys_of(secrets, 9)), len(keys_of(secrets, 10))) == (2, 1)
