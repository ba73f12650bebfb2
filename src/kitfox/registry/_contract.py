"""The registry as a service: what it promises to all who join it or watch it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

import msgspec

from kitfox.core import Service, rpc
from kitfox.registry._instance import Instance, ServiceInfo, Snapshot

DEFAULT_TTL = 6.0


class Registration(msgspec.Struct, frozen=True):
    """What a registrant is answered: the secret that proves it later, and its lease in seconds."""

    secret: str
    revision: int
    ttl: float


class Held(msgspec.Struct, frozen=True):
    """The first item of a held lease, once the registry watches the connection, then signs of life.

    `ttl` is the length of the lease in seconds.
    """

    ttl: float


class Registry(Service, ABC, name="kitfox.v1.Registry"):
    """Who runs where. Whole sets with revisions; whoever watches is told of each change."""

    @rpc(idempotent=True)
    @abstractmethod
    async def register(
        self, instance: Instance, ttl: float = DEFAULT_TTL, secret: str = ""
    ) -> Registration:
        """Register an instance for `ttl` seconds, or renew or replace it with its secret.

        A registrant may choose its secret (16 to 128 characters), so that the same request can be
        sent again when its answer was lost; without one it is given a random one.
        """

    @rpc(idempotent=True)
    @abstractmethod
    async def renew(self, service: str, id: str, secret: str) -> Registration:
        """Extend a lease by its length. NOT_FOUND: it ended, register again."""

    @rpc(idempotent=True)
    @abstractmethod
    async def deregister(self, service: str, id: str, secret: str) -> None:
        """Remove an instance that is closing. Late renewals do not bring it back."""

    @rpc
    @abstractmethod
    def hold(self, service: str, id: str, secret: str) -> AsyncIterator[Held]:
        """Tie a lease to this connection: when it breaks, the registry looks after the instance.

        The instance is probed at once, and removed if it does not answer.
        """

    @rpc(idempotent=True)
    @abstractmethod
    async def weigh(self, service: str, id: str, weight: int | None) -> None:
        """Give an instance another weight than its own, until None gives that back.

        With 0 it gets no new calls. It holds for as long as the instance is registered, whatever
        that says of itself. NOT_FOUND: there is no such instance.
        """

    @rpc(idempotent=True)
    @abstractmethod
    async def services(self) -> tuple[ServiceInfo, ...]:
        """List the services that have instances, by name."""

    @rpc(idempotent=True)
    @abstractmethod
    async def get(self, service: str) -> Snapshot:
        """Return the instances of a service; an unknown one has none."""

    @rpc(idempotent=True)
    @abstractmethod
    def watch(self, service: str) -> AsyncIterator[Snapshot]:
        """Yield the whole set at once, then the newest whole set after each change.

        From time to time a snapshot without instances says that nothing has changed.
        """
