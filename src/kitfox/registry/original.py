"""Joining a registry of the original kind: services made with kitfox among services in Go."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from urllib.parse import urlsplit

from kitfox.core import FailedPrecondition, InvalidArgument
from kitfox.net import ASGIApp, ASGIScope, HTTPClient, Receive, Send, Site, SiteReply, SiteRequest
from kitfox.registry._documents import OriginalRegistration, decode_patch
from kitfox.registry._hosts import same_host
from kitfox.registry._instance import Instance
from kitfox.registry._keeper import Draw
from kitfox.registry._latest import Latest
from kitfox.registry._membership import Membership
from kitfox.registry._providers import Providers

_PATHS = frozenset({"/heartbeat", "/services"})

Known = frozenset[Instance] | None


def loop_time() -> float:
    """Return the running loop's monotonic seconds."""
    return asyncio.get_running_loop().time()


class OriginalRegistry:
    """Registrar and Resolver at once, since one registration is both in the original protocol.

    The registry calls back: mount `asgi()` where the instance listens, before it is registered.
    Services are told only of what they require, so everything to be watched is named in `requires`.
    `names` gives the original's names for services that kitfox calls otherwise. An address can be
    registered for one service only.
    """

    def __init__(
        self,
        url: str,
        http: HTTPClient,
        *,
        requires: Iterable[str] = (),
        names: Mapping[str, str] | None = None,
        clock: Callable[[], float] = loop_time,
        draw: Draw = random.random,
    ) -> None:
        """Join the registry at `url`, such as `http://localhost:3000`, with calls by `http`."""
        self._url = url.rstrip("/")
        self._http = http
        self._names = dict(names or {})
        self._clock = clock
        self._draw = draw
        self._providers = Providers()
        self._known = {service: Latest[Known](None) for service in requires}
        self._hosts: frozenset[str] = frozenset()
        self._memberships: dict[str, Membership] = {}

    async def register(self, instance: Instance) -> None:
        """Register the instance's HTTP address, now or as soon as the registry is there.

        Raises InvalidArgument if it has none, FailedPrecondition if another service has it.
        """
        registration = self._registration(instance)
        url = registration.service_url
        if known := self._memberships.get(url):
            if known.registration != registration:
                raise FailedPrecondition(f"{url} is registered for another service already")
            return
        membership = Membership(
            self._http, f"{self._url}/services", registration, clock=self._clock, draw=self._draw
        )
        self._memberships[url] = membership
        await membership.start(self._prepare)
        if not membership.joined:
            self._publish()

    async def deregister(self, instance: Instance) -> None:
        """Say that the instance is closing."""
        url = _http_address(instance)
        if url and (membership := self._memberships.pop(url, None)):
            await membership.aclose()

    async def watch(self, service: str) -> AsyncGenerator[frozenset[Instance]]:
        """Yield the whole set once the registry has told it, then after each change.

        Raises InvalidArgument for a service that is not required.
        """
        latest = self._known.get(service)
        if latest is None:
            raise InvalidArgument(f"{service} is not among the required services")
        async for instances in latest:
            if instances is not None:
                yield instances

    def asgi(self, rest: ASGIApp | None = None) -> ASGIApp:
        """Return what answers `/heartbeat` and `/services`; other paths are the `rest`'s."""
        site = Site(
            {
                "GET /heartbeat": self._heartbeat,
                "POST /heartbeat": self._heartbeat,
                "POST /services": self._patch,
            }
        )

        if rest is None:
            return site

        async def answer(scope: ASGIScope, receive: Receive, send: Send) -> None:
            own = scope["type"] == "http" and scope["path"] in _PATHS
            await (site if own else rest)(scope, receive, send)

        return answer

    async def aclose(self) -> None:
        """Deregister whatever is still registered."""
        while self._memberships:
            await self._memberships.popitem()[1].aclose()

    async def _heartbeat(self, request: SiteRequest) -> SiteReply:
        if self._is_registry(request.client):
            for membership in self._memberships.values():
                membership.silence.heard(self._clock())
        return SiteReply()

    async def _patch(self, request: SiteRequest) -> SiteReply:
        if not self._is_registry(request.client):
            return SiteReply(403, b"only the registry may say who provides what\n")
        try:
            patch = decode_patch(request.body)
        except ValueError as error:
            return SiteReply(400, f"{error}\n".encode())
        self._providers.apply(patch)
        self._publish()
        return SiteReply()

    async def _prepare(self) -> None:
        """Make ready for the first patch of a registration."""
        self._hosts = await _addresses(self._url)
        self._providers.begin()

    def _publish(self) -> None:
        for service, latest in self._known.items():
            urls = self._providers.urls(self._names.get(service, service))
            instances = frozenset(Instance(service, url, (url,)) for url in urls)
            if instances != latest.value:
                latest.set(instances)

    def _is_registry(self, client: str) -> bool:
        return any(same_host(client, host) for host in self._hosts)

    def _registration(self, instance: Instance) -> OriginalRegistration:
        url = _http_address(instance)
        if url is None:
            raise InvalidArgument(f"{instance.service} has no http address to register")
        return OriginalRegistration(
            service_name=self._names.get(instance.service, instance.service),
            service_url=url,
            required_services=tuple(self._names.get(name, name) for name in self._known),
            update_url=f"{url}/services",
            heartbeat_url=f"{url}/heartbeat",
        )


def _http_address(instance: Instance) -> str | None:
    schemes = ("http://", "https://")
    found = (url.rstrip("/") for url in instance.addresses if url.startswith(schemes))
    return next(found, None)


async def _addresses(url: str) -> frozenset[str]:
    """Return the addresses that a registry's requests may come from."""
    host = urlsplit(url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return frozenset({host})
    return frozenset(str(address[0]) for *_, address in found)
