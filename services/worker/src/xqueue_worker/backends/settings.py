"""What can be said of a pool of model servers. Times are in seconds."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Policy = Literal["round_robin", "least_busy", "by_key"]
PoolName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,63}\Z")]
Seconds = Annotated[float, Meta(ge=0.01, le=3600)]
Weight = Annotated[float, Meta(ge=0.001, le=1000)]
AtOnce = Annotated[int, Meta(ge=1, le=10_000)]
InARow = Annotated[int, Meta(ge=1, le=1000)]
Path = Annotated[str, Meta(pattern=r"^/[!-~]{0,1023}\Z")]


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One server.

    Attributes:
        url: ``http://host:port``, with a path that all others go behind if it needs one; a user and password in it
            are sent as basic authentication and never shown.
        weight: its share of the calls beside the others', by ``least_busy`` and ``by_key``.
        concurrency: calls at once; the pool's if left out.
    """

    url: str
    weight: Weight = 1.0
    concurrency: AtOnce | None = None


class BreakerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a server is left alone.

    Attributes:
        failures: so many in a row open its breaker.
        share: or this share of the last ``calls``, once there were so many.
        calls: how far back the share looks.
        open_s: how long it stays open, until one call is let through to see.
    """

    failures: InARow = 5
    share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    calls: InARow = 20
    open_s: Seconds = 5.0


class HealthSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How servers are asked whether they are well.

    Attributes:
        path: what is asked for; 2xx is well.
        every_s: between two checks.
        timeout_s: an answer that takes longer is none.
        down_after: failures in a row that take a server out.
        up_after: successes in a row that bring it back.
    """

    path: Path = "/health"
    every_s: Seconds = 2.0
    timeout_s: Seconds = 2.0
    down_after: InARow = 2
    up_after: InARow = 2


class PoolSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pool of servers that can stand in for one another.

    Attributes:
        name: what handlers call it.
        urls: its servers, as addresses or tables (``ServerSettings``).
        policy: who gets a call: ``least_busy``, the one with the fewest calls in flight over its weight;
            ``round_robin``, each in turn; ``by_key``, the same one for the same key (the tenant, unless the handler
            says otherwise) as long as it can take it.
        concurrency: calls at once to one server.
        wait_s: how long a call waits while all servers have as many as they may.
        connect_s: how long connecting may take.
        timeout_s: how long one server may take to answer whole; the attempt's deadline bounds it too.
        max_answer_mb: largest answer, in MiB.
        path: where the ready-made handlers post to, if the servers have another one.
        fields: what they send along with each call, for servers that want more (``model = "whisper-1"``).
        breaker: when a server is left alone.
        health: how servers are asked whether they are well.
    """

    name: PoolName
    urls: list[str | ServerSettings] = []
    policy: Policy = "least_busy"
    concurrency: AtOnce = 8
    wait_s: Annotated[float, Meta(ge=0, le=3600)] = 60.0
    connect_s: Seconds = 3.0
    timeout_s: Annotated[float, Meta(ge=0.01, le=86_400)] = 300.0
    max_answer_mb: Annotated[int, Meta(ge=1, le=1024)] = 64
    path: Path | None = None
    fields: dict[str, str] = {}
    breaker: BreakerSettings = BreakerSettings()
    health: HealthSettings = HealthSettings()

    @property
    def servers(self) -> list[ServerSettings]:
        """Its servers, all as tables."""
        return [ServerSettings(url=it) if isinstance(it, str) else it for it in self.urls]
