"""Backends: HTTP model servers in pools, to which async handlers forward.

::

    handler ─▶ Backend.post ─▶ Pool ─▶ choice ─▶ Client ─▶ server        Checker ─▶ /health
                                │  room: full? wait    failed? the next one   │
                                └──── Server: breaker, health, in flight ◀────┘
"""

from xqueue_worker.backends.calls import Answer
from xqueue_worker.backends.current import Backend, backend
from xqueue_worker.backends.errors import BackendOutcomeUnknown, BackendRefused, BackendUnavailable

__all__ = ["Answer", "Backend", "BackendOutcomeUnknown", "BackendRefused", "BackendUnavailable", "backend"]
