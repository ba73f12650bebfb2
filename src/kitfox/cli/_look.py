"""Finding a method on a running server, which describes it without its code being here."""

from typing import NamedTuple

from kitfox.cli._ask import directory_at
from kitfox.cli._described import description_at
from kitfox.cli._names import find_name, split_name
from kitfox.cli._options import Where
from kitfox.cli._remote import Description, RemoteMethod
from kitfox.core import Kind, NotFound


class Found(NamedTuple):
    """A service at some addresses; the method is empty when only a service was asked for."""

    addresses: tuple[str, ...]
    service: str
    method: str
    description: Description

    @property
    def methods(self) -> tuple[RemoteMethod, ...]:
        """All methods of the service."""
        return tuple(one for one in self.description.methods if one.service == self.service)

    @property
    def one_method(self) -> RemoteMethod:
        """The method that was asked for; NotFound when it is none of the service's."""
        known = {one.name: one for one in self.methods}
        if not self.method:
            raise NotFound(f"name a method too: {self.service}.{{{','.join(known)}}}")
        return known[find_name(self.method, known, "method")]

    def address_for(self, kind: Kind) -> str:
        """Return where a call of this kind goes: HTTP cannot carry a stream of requests."""
        carrying = [url for url in self.addresses if not (_is_http(url) and kind.streams_requests)]
        return (carrying or list(self.addresses))[0]


async def look(word: str, where: Where) -> Found:
    """Find SERVICE or SERVICE.METHOD; NotFound, Unavailable."""
    if where.address:
        description = await description_at(where.address)
        services = {method.service for method in description.methods}
        return Found((where.address,), *split_name(word, services), description)
    async with directory_at(where) as known:
        service, method = await known.split(word)
        addresses = await known.addresses(service)
    return Found(addresses, service, method, await description_at(addresses[0]))


def _is_http(url: str) -> bool:
    return url.partition(":")[0] in {"http", "https", "http+unix"}
