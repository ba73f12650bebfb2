"""What a registry knows, by the names that people use."""

from collections.abc import Mapping

from msgspec import structs

from kitfox.cli._names import find_name, split_name
from kitfox.core import NotFound, Unavailable
from kitfox.registry import Instance, Registry, ServiceInfo


class Directory:
    """The services of a registry; `aliases` are what the original system calls some of them."""

    def __init__(self, registry: Registry, aliases: Mapping[str, str]) -> None:
        self._registry = registry
        self._aliases = aliases

    async def services(self) -> tuple[ServiceInfo, ...]:
        """Return all services."""
        own = {alias: name for name, alias in self._aliases.items()}
        return tuple(
            structs.replace(one, name=own.get(one.name, one.name))
            for one in await self._registry.services()
        )

    async def split(self, word: str) -> tuple[str, str]:
        """Take SERVICE or SERVICE.METHOD apart; NotFound."""
        return split_name(word, await self._names())

    async def instances(self, word: str) -> tuple[Instance, ...]:
        """Return the instances of a service; NotFound when there is none."""
        name = find_name(word, await self._names())
        found = await self._registry.get(self._aliases.get(name, name))
        if not found.instances:
            raise NotFound(f'no instance of "{name}" is registered')
        return found.instances

    async def address(self, word: str) -> str:
        """Return the first address of a service that is HTTP; NotFound, Unavailable."""
        places = [place for one in await self.instances(word) for place in one.addresses]
        for place in places:
            if place.startswith(("http://", "https://")):
                return place
        raise Unavailable(f"{word} is not on HTTP, only on {', '.join(places) or 'nothing'}")

    async def _names(self) -> list[str]:
        return [one.name for one in await self.services()]
