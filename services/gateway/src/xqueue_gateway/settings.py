"""The settings of the gateway."""

from typing import Annotated, Literal

from msgspec import Meta

from xqueue_common.settings import CommonSettings, Port

_MIB = 1024 * 1024


class Settings(CommonSettings, frozen=True, kw_only=True):
    """What a gateway needs to know beside the common settings.

    Attributes:
        host: address to listen on; without API keys only the loopback is taken, unless ``allow_open``.
        allow_open: without API keys, listen where ``host`` says all the same. For places where something else keeps
            strangers out: a container whose port is published on the loopback only, a private network.
        port: its port; 0 takes a free one.
        auth: ``auto``: keys are asked for as soon as one was made, until then this machine is believed;
            ``required``: always.
        operator_key: a key (``xq_`` and 43 characters) that is an operator's, to make the first keys with. It alone
            does not make keys be asked for.
        jwt_secret: what our own tokens are signed with (HS256), the same for all gateways; empty: none are given.
        jwt_jwks_url: where an issuer of tokens publishes its keys; with it keys or tokens are always asked for.
        jwt_issuer: whom its tokens must be from (``iss``); empty: that is not asked.
        jwt_audience: for whom they must be (``aud``); empty: likewise.
        tier_requests: requests a minute for one key, by tier; a tier that is not named has no limit.
        tier_open_tasks: tasks that a tenant may have open, by the tiers of its keys, such as ``standard=10000``.
        tier_submissions: tasks that a tenant may submit a day, likewise.
        history_url: ``sqlite:///path`` or ``postgresql://…``, the same as the notifier's.
        max_payload_bytes: largest payload of a task, as JSON text; a record in Kafka has room for 800 KiB.
        max_body_bytes: largest request body, so also largest batch.
        max_audio_bytes: largest recording that ``/api/v1/speech/async`` takes.
        cors_origins: web origins (``https://app.example.com``) that may call this gateway, comma separated; ``*``
            allows all. The gateway's own origin is always allowed.
        webhook_allow_private: accept webhook addresses in private networks.
        webhooks_per_tenant: subscriptions to webhooks that a tenant may have, or the operator for all tenants.
        produce_timeout_s: seconds until an unanswered submission counts as of unknown outcome.
        fold_wait_s: seconds that a reader waits for the scheduler to apply what was accepted before it asked.
        reject_hopeless: refuse a task at once (429) that will hardly begin before its queue timeout, judged by what
            waits of its queue, tenant and key, and how fast the queue drains; never one of more than its queue's
            default priority.
        create_queues: a queue that nobody has made is made by the first task submitted to it; else such a task is
            refused (422).
        ws_max_connections: WebSocket connections at once; as many streams of server-sent events. Both together have
            no more than the files that the system allows (``ulimit -n``), less 500.
        ws_max_message_bytes: largest message that a WebSocket client may send.
        ws_pending_bytes: text that may wait for one slow reader, of a WebSocket or of server-sent events.
    """

    host: str = "127.0.0.1"
    allow_open: bool = False
    port: Port = 8080
    auth: Literal["auto", "required"] = "auto"
    operator_key: Annotated[str, Meta(pattern=r"^(xq_[A-Za-z0-9_-]{43})?\Z")] = ""
    jwt_secret: Annotated[str, Meta(pattern=r"^(.{32,})?\Z")] = ""
    jwt_jwks_url: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    tier_requests: str = "standard=100,premium=1000,batch=10"
    tier_open_tasks: str = ""
    tier_submissions: str = ""
    history_url: str = "sqlite:///xqueue.db"
    max_payload_bytes: Annotated[int, Meta(ge=1, le=800 * 1024)] = 256 * 1024
    max_body_bytes: Annotated[int, Meta(ge=1024, le=256 * _MIB)] = 16 * _MIB
    max_audio_bytes: Annotated[int, Meta(ge=1024, le=1024 * _MIB)] = 64 * _MIB
    cors_origins: str = ""
    webhook_allow_private: bool = False
    webhooks_per_tenant: Annotated[int, Meta(ge=0, le=10_000)] = 100
    produce_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 10.0
    fold_wait_s: Annotated[float, Meta(gt=0, le=60)] = 5.0
    reject_hopeless: bool = False
    create_queues: bool = True
    ws_max_connections: Annotated[int, Meta(ge=1, le=100_000)] = 20_000
    ws_max_message_bytes: Annotated[int, Meta(ge=1024, le=_MIB)] = 64 * 1024
    ws_pending_bytes: Annotated[int, Meta(ge=64 * 1024, le=256 * _MIB)] = 16 * _MIB
