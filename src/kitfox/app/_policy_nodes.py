"""Where a client's calls go: `balancer`, `outliers`, `prefer` and `subset` of a policy."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta

from kitfox.app._policy_rules import Count, Positive, Rules, Share, key_of, length
from kitfox.balancing import (
    P2C,
    Balancer,
    ConsistentHash,
    LeastInFlight,
    Outliers,
    Prefer,
    Random,
    RoundRobin,
    Subset,
    Weighted,
)

BalancerName = Literal["p2c", "least_in_flight", "random", "round_robin", "weighted"]

_BALANCERS: Final[Mapping[str, Callable[[], Balancer]]] = {
    "p2c": P2C,
    "least_in_flight": LeastInFlight,
    "random": Random,
    "round_robin": RoundRobin,
    "weighted": Weighted,
}


class HashRules(Rules, frozen=True):
    """`balancer`, as a table: the same node for the same key."""

    consistent_hash: str
    bound: Annotated[float, Meta(ge=1)] = 1.25
    room: Annotated[int, Meta(ge=0)] = 8

    def made(self) -> ConsistentHash:
        """Return a new balancer. Raises ValueError."""
        try:
            key = key_of(self.consistent_hash)
        except ValueError as error:
            msg = f"consistent_hash: {error}"
            raise ValueError(msg) from None
        return ConsistentHash(key, bound=self.bound, room=self.room)


class OutlierRules(Rules, frozen=True):
    """`outliers`: when an instance that does worse than the others gets no calls for a while."""

    streak: Count = 5
    base: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=5)
    most: Share = 0.5
    panic: Share = 0.5
    interval: timedelta = timedelta(seconds=10)
    volume: Count = 100
    peers: Count = 5
    sigmas: Positive = 1.9
    margin: Share = 0.05

    def made(self) -> Outliers:
        """Return the policy. Raises ValueError."""
        for name in ("base", "longest", "interval"):
            if getattr(self, name) <= timedelta():
                msg = f"{name}: expected more than nothing"
                raise ValueError(msg)
        return Outliers(
            streak=self.streak,
            base=length(self.base),
            longest=length(self.longest),
            most=self.most,
            panic=self.panic,
            interval=length(self.interval),
            volume=self.volume,
            peers=self.peers,
            sigmas=self.sigmas,
            margin=self.margin,
        )


class PreferRules(Rules, frozen=True):
    """`prefer`: which instances are near, by what they say of themselves, the nearest first."""

    levels: Annotated[tuple[dict[str, str], ...], Meta(min_length=1)]
    spare: Annotated[float, Meta(ge=1)] = 1.4

    def made(self) -> Prefer:
        """Return the policy."""
        return Prefer(*self.levels, spare=self.spare)


class SubsetRules(Rules, frozen=True):
    """`subset`: how many of very many instances a client uses."""

    size: Count
    client: Annotated[int, Meta(ge=0)] | None = None

    def made(self, drawn: int = 0) -> Subset:
        """Return the policy of a client with this number, or with the one `drawn`."""
        return Subset(self.size, drawn if self.client is None else self.client)


def made_balancer(said: BalancerName | HashRules) -> Balancer:
    """Return a new balancer."""
    return said.made() if isinstance(said, HashRules) else _BALANCERS[said]()
