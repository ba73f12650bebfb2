"""What the operator sees and switches in a process that runs: its breakers."""

import logging
from collections.abc import Mapping
from typing import Self

import msgspec

from kitfox.app._config_error import did_you_mean
from kitfox.core import Call, Endpoint, Method, NotFound, Service, Unauthenticated, rpc
from kitfox.net import SharedToken
from kitfox.resilience import Breaker, Breakers, State

_log = logging.getLogger("kitfox.control")


class BreakerStatus(msgspec.Struct, frozen=True):
    """A breaker as it was after its last call: by itself, nothing happens in it.

    It is `held` when it was opened or closed by hand. The calls of its window are counted by how
    they ended; `slow` ones are among the good.
    """

    name: str
    state: State
    held: bool = False
    good: int = 0
    faults: int = 0
    refused: int = 0
    slow: int = 0

    @classmethod
    def of(cls, name: str, breaker: Breaker) -> Self:
        """Look at a breaker."""
        return cls(name, breaker.state, breaker.held, *breaker.counts)


class Control(Service, name="kitfox.v1.Control"):
    """Shows and switches the `breakers` of a process. With a `token`, callers must show it.

    The methods that switch are idempotent and do not say so: what says so can be called over HTTP
    with a GET, and a mere link would do it.
    """

    def __init__(self, breakers: Breakers, *, token: str = "") -> None:
        self._breakers = breakers
        self._token = SharedToken(token) if token else None

    def routes(self) -> Mapping[Method, Endpoint]:
        """Return the methods, each behind the token."""
        return {method: self._guarded(endpoint) for method, endpoint in super().routes().items()}

    @rpc(idempotent=True)
    async def breakers(self) -> tuple[BreakerStatus, ...]:
        """Return the breakers that calls of this process pass, by name."""
        found = ((name, self._breakers.get(name)) for name in self._breakers)  # it may go meanwhile
        return tuple(BreakerStatus.of(name, each) for name, each in found if each is not None)

    @rpc
    async def open_breaker(self, name: str) -> BreakerStatus:
        """Let no call pass, until the breaker is reset. NOT_FOUND: there is none of that name."""
        breaker = self._breaker(name)
        breaker.open()
        return _switched(name, breaker, "opened by hand")

    @rpc
    async def close_breaker(self, name: str) -> BreakerStatus:
        """Let every call pass, however they end, until the breaker is reset. NOT_FOUND."""
        breaker = self._breaker(name)
        breaker.close()
        return _switched(name, breaker, "closed by hand")

    @rpc
    async def reset_breaker(self, name: str) -> BreakerStatus:
        """Let the breaker decide by itself again, with a clean slate. NOT_FOUND."""
        breaker = self._breaker(name)
        breaker.reset()
        return _switched(name, breaker, "reset")

    def _breaker(self, name: str) -> Breaker:
        if (found := self._breakers.get(name)) is None:
            raise NotFound(f'no breaker "{name}"{did_you_mean(name, self._breakers)}')
        return found

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        if (token := self._token) is None:
            return endpoint

        async def call_with_token(call: Call, message: object) -> object:
            if why := token.why_not(call.metadata.get("authorization", "")):
                raise Unauthenticated(why)
            return await endpoint(call, message)

        return call_with_token


def _switched(name: str, breaker: Breaker, how: str) -> BreakerStatus:
    _log.warning("breaker %s was %s", name, how)
    return BreakerStatus.of(name, breaker)
