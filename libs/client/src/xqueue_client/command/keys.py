"""`xqueue keys …` and `xqueue token`.

Keys are made by operators, and before there is any key by whoever reaches the gateway from this machine. So these
commands, and `audit`, ask with the operator's key of an installation on this machine where XQ_API_KEY is not set;
no other does: who submits tasks should not be the operator without having said so.
"""

from datetime import UTC, datetime
from typing import cast

from cyclopts import App

from xqueue_client.address import find_key
from xqueue_client.command.exits import Exit, Misused
from xqueue_client.command.options import COMMON, Common, Names, given
from xqueue_client.command.times import seconds
from xqueue_client.command.words import moment
from xqueue_client.key import ApiKey, IssuedKey, Role

keys = App(name="keys", help="Make, see and revoke API keys.")

_HEADS = ("KEY", "TENANT", "ROLES", "TIER", "BEGINS WITH", "CREATED", "EXPIRES", "STATE", "NOTE")
_ROLES = ("submit", "read", "admin")
_ONCE = "This key will not be shown again: keep it where only its user can read it."


@keys.command
def create(
    *,
    role: Names = (),
    tier: str | None = None,
    expires_in: str | None = None,
    note: str | None = None,
    common: Common = COMMON,
) -> int:
    """Make an API key, and print it: this once only. --tenant says whose tasks it is for, * makes an operator's.

    Args:
        role: What it allows: submit, read or admin; repeatable, or several with commas between.
        tier: Whose request rates hold for it, such as standard.
        expires_in: After this time it is worth nothing: 30d, 12h, 90m, 45s or seconds. Without it: never.
        note: What to call it.
        common: What every command takes.
    """
    roles, expires_in_s = _roles(role), seconds("--expires-in", expires_in)
    options = given(tenant=common.tenant, tier=tier, note=note)
    if expires_in_s is not None:
        options["expires_in"] = expires_in_s
    with common.connect_as_operator() as client:
        return _tell(client.keys.create(roles, **options), common)


@keys.command(name="list")
def list_keys(*, common: Common = COMMON) -> int:
    """List API keys, revoked ones too.

    Args:
        common: What every command takes.
    """
    with common.connect_as_operator() as client:
        found = client.keys.list()
    common.output.each(_HEADS, found, _row)
    return Exit.OK


@keys.command
def revoke(key_id: str, /, *, common: Common = COMMON) -> int:
    """Let an API key be worth nothing, from now on.

    Args:
        key_id: Its id, as keys list shows it.
        common: What every command takes.
    """
    with common.connect_as_operator() as client:
        client.keys.revoke(key_id)
    return Exit.OK


@keys.command
def rotate(key_id: str, /, *, overlap: str | None = None, common: Common = COMMON) -> int:
    """Replace an API key, and print the new one: this once only.

    Args:
        key_id: Its id, as keys list shows it.
        overlap: For this time the old one goes on: 1h, 90m, 45s or seconds. Without it: an hour.
        common: What every command takes.
    """
    overlap_s = seconds("--overlap", overlap)
    with common.connect_as_operator() as client:
        return _tell(client.keys.rotate(key_id, overlap=overlap_s), common)


def token(*, expires_in: str | None = None, common: Common = COMMON) -> int:
    """Exchange the API key in XQ_API_KEY for an access token, and print it.

    Args:
        expires_in: After this time it is worth nothing: 1h, 90m, 45s or seconds.
        common: What every command takes.

    Raises:
        Misused: there is no API key.
    """
    expires_in_s = seconds("--expires-in", expires_in)
    if find_key() is None:
        message = "XQ_API_KEY: set it to the API key that the token is to stand for"
        raise Misused(message)
    with common.connect() as client:
        issued = client.token(expires_in=expires_in_s)
    if common.json:
        common.output.document(issued)
    else:
        common.output.line(issued.access_token)
    return Exit.OK


def _roles(texts: tuple[str, ...]) -> list[Role]:
    roles = [role.strip() for text in texts for role in text.split(",")]
    if not roles or (set(roles) - set(_ROLES)):
        wrong = next((f"{role!r} is no role" for role in roles if role not in _ROLES), "say what the key may do")
        message = f"--role: {wrong}: {', '.join(_ROLES)}"
        raise Misused(message)
    return cast("list[Role]", list(dict.fromkeys(roles)))


def _tell(issued: IssuedKey, common: Common) -> int:
    output = common.output
    if common.json:
        output.document(issued)
        return Exit.OK
    expires = f", until {moment(issued.expires_at)}" if issued.expires_at else ""
    output.line(issued.key)
    output.note(f"{issued.id} of tenant {issued.tenant}: {', '.join(issued.roles)}{expires}. {_ONCE}")
    return Exit.OK


def _row(key: ApiKey) -> tuple[str, ...]:
    what = (key.id, key.tenant, ",".join(key.roles), key.tier, key.hint or "-")
    times = (moment(key.created_at), moment(key.expires_at) or "never")
    return (*what, *times, _state(key), key.note or "-")


def _state(key: ApiKey, now: datetime | None = None) -> str:
    if key.revoked_at is not None:
        return f"revoked {moment(key.revoked_at)}"
    return "expired" if key.expires_at is not None and key.expires_at <= (now or datetime.now(UTC)) else "valid"
