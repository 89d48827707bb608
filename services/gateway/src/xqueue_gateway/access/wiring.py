"""Who may pass, put together: keys, tokens, rates, quotas, and what is written down of it."""

from functools import cached_property

from xqueue_common.clock import Clock
from xqueue_gateway.access.buckets import Buckets
from xqueue_gateway.access.door import Door
from xqueue_gateway.access.issuer import Issuer, Trust
from xqueue_gateway.access.key_maker import KeyMaker
from xqueue_gateway.access.quotas import Quotas
from xqueue_gateway.access.tiers import Tiers
from xqueue_gateway.access.tokens import Tokens
from xqueue_gateway.access.trail import Trail
from xqueue_gateway.registry.writer import RegistryWriter
from xqueue_gateway.resources import Resources
from xqueue_gateway.settings import Settings


class AccessWiring:
    """What judges requests; each part is made once, of the parts that it needs."""

    def __init__(self, settings: Settings, resources: Resources, clock: Clock) -> None:
        self.settings = settings
        self.open = resources
        self.clock = clock

    @cached_property
    def door(self) -> Door:
        """Lets in those who may."""
        settings = self.settings
        trust = Trust(settings.jwt_jwks_url, settings.jwt_issuer, settings.jwt_audience)
        return Door(
            ring=self.open.ring,
            tokens=self.tokens,
            issuer=Issuer(trust, clock=self.clock) if trust.url else None,
            tiers=self.tiers,
            buckets=self.buckets,
            permits=self.open.permits,
            required=settings.auth == "required",
        )

    @cached_property
    def tokens(self) -> Tokens:
        """Gives and takes our own tokens."""
        return Tokens(self.settings.jwt_secret, clock=self.clock)

    @cached_property
    def tiers(self) -> Tiers:
        """What tiers allow."""
        settings = self.settings
        return Tiers(
            requests=settings.tier_requests,
            open_tasks=settings.tier_open_tasks,
            submissions=settings.tier_submissions,
        )

    @cached_property
    def buckets(self) -> Buckets:
        """Holds everybody to their rates."""
        return Buckets(self.open.redis, prefix=self.settings.redis_prefix, clock=self.clock)

    @cached_property
    def quotas(self) -> Quotas:
        """Holds tenants to theirs."""
        return Quotas(ring=self.open.ring, tiers=self.tiers, buckets=self.buckets)

    @cached_property
    def trail(self) -> Trail:
        """Writes down administrative acts."""
        return Trail(self.open.acts, clock=self.clock)

    @cached_property
    def writer(self) -> RegistryWriter:
        """Changes the registry."""
        return RegistryWriter(log=self.open.registering, registry=self.open.registry)

    @cached_property
    def maker(self) -> KeyMaker:
        """Makes and revokes keys."""
        return KeyMaker(ring=self.open.ring, writer=self.writer, tiers=self.tiers, clock=self.clock)
