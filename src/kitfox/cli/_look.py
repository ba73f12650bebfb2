"""Finding a method on a running server, which describes it without its code being here."""

from typing import NamedTuple

import msgspec

from kitfox.cli._ask import directory_at, this_system
from kitfox.cli._names import find_name, split_name
from kitfox.cli._options import Where
from kitfox.cli._remote import Description, RemoteMethod, read_description
from kitfox.core import NotFound, Unavailable
from kitfox.net import HTTPClient, HTTPError


class Found(NamedTuple):
    """A service at an address; the method is empty when only a service was asked for."""

    address: str
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


async def look(word: str, where: Where) -> Found:
    """Find SERVICE or SERVICE.METHOD; NotFound, Unavailable."""
    if where.address:
        description = await _description(where.address)
        services = {method.service for method in description.methods}
        return Found(where.address, *split_name(word, services), description)
    async with directory_at(where) as known:
        service, method = await known.split(word)
        address = await known.address(service)
    return Found(address, service, method, await _description(address))


async def _description(address: str) -> Description:
    url = f"{address.rstrip('/')}/openapi.json"
    token = this_system().token
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    try:
        async with HTTPClient() as client:
            reply = await client.request("GET", url, headers=headers, idempotent=True)
        if reply.status == 200:
            return read_description(reply.body)
    except HTTPError as error:
        raise Unavailable(f"{url}: {error}") from None
    except msgspec.MsgspecError as error:
        raise Unavailable(f"{url} is not a description: {error}") from None
    raise NotFound(f"{url} answers {reply.status}: is this a kitfox server?")
