"""What a gateway answers about keys, webhooks and the past."""

from typing import Any

AT = "2030-01-01T00:00:00Z"

KEY: dict[str, Any] = {
    "id": "key_0123456789abcdef",
    "tenant": "acme",
    "roles": ["submit", "read"],
    "tier": "standard",
    "note": "",
    "hint": "xq_abcd",
    "created_at": AT,
    "created_by": None,
    "expires_at": None,
    "revoked_at": None,
}
ISSUED_KEY = KEY | {"key": "xq_abcdefgh"}

WEBHOOK: dict[str, Any] = {
    "id": "wh_0123456789abcdef",
    "tenant": "acme",
    "url": "https://shop.test/hook",
    "events": None,
    "queue": None,
    "description": "",
    "created_at": AT,
    "disabled": None,
}
ISSUED_WEBHOOK = WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}

DELIVERY: dict[str, Any] = {
    "id": "msg_1",
    "task_id": "t1",
    "webhook": None,
    "event": "success",
    "url": "https://shop.test/hook",
    "state": "waiting",
    "reason": None,
    "attempts": 2,
    "created_at": AT,
    "next_at": AT,
    "tries": [
        {"at": AT, "status": None, "error": "nobody answers", "duration": 0.1},
        {"at": AT, "status": 500, "error": None, "duration": 0.2},
    ],
}

ACT: dict[str, Any] = {
    "id": "a1",
    "at": AT,
    "actor": "key_0123456789abcdef",
    "actor_tenant": "*",
    "tenant": "acme",
    "operation": "pause_queue",
    "target": "/api/v1/queues/images/pause",
    "status": 200,
    "address": "127.0.0.1",
}

LINE: dict[str, Any] = {"attempt": 1, "seq": 3, "at": AT, "level": "info", "message": "half way [50 %]"}

SPREAD = {"p50": 0.1, "p90": 0.2, "p99": 0.25, "max": 1.5}
COUNTS: dict[str, Any] = {
    "hour": AT,
    "queue": "images",
    "submitted": 5,
    "success": 3,
    "failed": 1,
    "canceled": 0,
    "timeout": 1,
    "wait": SPREAD,
    "run": None,
}

TOKEN = {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 900}
