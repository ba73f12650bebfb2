"""What a registry knows, by the names that people use."""

from collections.abc import Iterable, Mapping

from msgspec import structs

from kitfox.app import did_you_mean, schemes
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

    async def running(self, word: str = "") -> tuple[Instance, ...]:
        """Return a service's instances, or the one of that id, or all; each once. NotFound."""
        services = {
            one.name: (await self._registry.get(self._aliases.get(one.name, one.name))).instances
            for one in await self.services()
        }
        by_id = {one.id: one for found in services.values() for one in found or ()}
        if not word:
            return tuple(by_id.values())
        name = find_name(word, {**services, **by_id}, "service or instance")
        return (by_id[name],) if name in by_id else services[name] or ()

    async def weigh(self, id: str, weight: int | None) -> tuple[str, ...]:
        """Give an instance a weight, or its own back; return its services. NotFound."""
        found: list[str] = []
        known: set[str] = set()
        for service in await self._registry.services():
            ids = {one.id for one in (await self._registry.get(service.name)).instances or ()}
            known |= ids
            if id in ids:
                await self._registry.weigh(service.name, id, weight)
                found.append(service.name)
        if not found:
            raise NotFound(f'no instance "{id}" is registered{did_you_mean(id, known)}')
        return tuple(found)

    async def addresses(self, word: str) -> tuple[str, ...]:
        """Return where a service can be called, best first; NotFound, Unavailable."""
        everywhere = [place for one in await self.instances(word) for place in one.addresses]
        if not (places := callable_here(everywhere)):
            raise Unavailable(f"{word} is only at {' '.join(everywhere) or 'no address'}")
        return places

    async def _names(self) -> list[str]:
        return [one.name for one in await self.services()]


def callable_here(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses that can be called, best first: HTTP speaks JSON, as people do."""
    order = sorted(schemes(), key=lambda scheme: not scheme.startswith("http"))
    return tuple(url for scheme in order for url in addresses if url.startswith(f"{scheme}:"))
