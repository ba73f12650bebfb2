"""What stands on one server: our services, those of others, health and reflection."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from kitfox.core import InFlight, Method, Routes
from kitfox.schema.protobuf import file_descriptor, proto_files
from kitfox.transports.grpc import _health, _reflection
from kitfox.transports.grpc._catalogue import Catalogue
from kitfox.transports.grpc._grpcio import Handlers, Server, service_handler
from kitfox.transports.grpc._messages import Messages, messages_of
from kitfox.transports.grpc._served import Served
from kitfox.transports.grpc._status import Statuses

Configure = Callable[[Server], None]


class House:
    """Furnishes a server with `routes`, and with what every server has."""

    def __init__(self, routes: Routes, *, limit: int) -> None:
        self._routes = routes
        self._limit = limit
        self._statuses = Statuses()
        self._calls = InFlight()
        self._standing = InFlight()  # calls of health and reflection, which may last for ever
        self.shared = False
        """Whether services of others stand here, too."""

    def furnish(self, server: Server, configure: Configure | None) -> None:
        """Add all services to a server; those that `configure` adds may replace our standing ones.

        Raises:
            ValueError: `configure` adds a service that is among the routes.
        """
        theirs = _Mounting(server)
        if configure is not None:
            configure(theirs)
        self.shared = bool(theirs.services)
        ours = _services(self._routes)
        if twice := ours & theirs.services:
            raise ValueError(f"{', '.join(sorted(twice))}: configure adds what is served already")
        self._add(server, self._routes, messages_of(self._routes), self._calls)
        self._add_standing(server, ours | theirs.services, hidden=theirs.services)

    async def drain(self, grace: float) -> None:
        """Let calls end for `grace` seconds, and end those that are left."""
        try:
            await self._standing.drain(0)
        finally:
            await self._calls.drain(grace)

    def _add_standing(self, server: Server, served: set[str], *, hidden: set[str]) -> None:
        health = _without(_health.Health(served).routes(), hidden)
        self._add(server, health, messages_of(health), self._standing)
        own = map(file_descriptor, proto_files(self._routes))
        catalogue = Catalogue([*own, _health.descriptor(), _reflection.descriptor()])
        known = {*served, *_services(health), *_reflection.NAMES}
        reflection = _without(_reflection.Reflection(known, catalogue).routes(), hidden)
        messages = dict.fromkeys(reflection, _reflection.ReflectionMessages())
        self._add(server, reflection, messages, self._standing)

    def _add(
        self,
        server: Server,
        routes: Routes,
        messages: Mapping[Method, Messages],
        in_flight: InFlight,
    ) -> None:
        handlers: dict[str, Handlers] = {}
        for method, endpoint in routes.items():
            served = Served(
                method,
                endpoint,
                messages[method],
                statuses=self._statuses,
                in_flight=in_flight,
                limit=self._limit,
            )
            handlers.setdefault(method.service, {})[method.name] = served.handler
        made = [service_handler(service, methods) for service, methods in handlers.items()]
        server.add_generic_rpc_handlers(made)


@runtime_checkable
class _Named(Protocol):
    """The methods of one service, as a server takes them."""

    def service_name(self) -> str: ...


class _Mounting:
    """A server as far as others add services to it, of which it takes down the names."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.services: set[str] = set()

    def add_generic_rpc_handlers(self, handlers: Sequence[object], /) -> None:
        named = [handler for handler in handlers if isinstance(handler, _Named)]
        self.services.update(handler.service_name() for handler in named)
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Handlers, /) -> None:
        self.services.add(service)
        self._server.add_registered_method_handlers(service, handlers)


def _services(methods: Iterable[Method]) -> set[str]:
    return {method.service for method in methods}


def _without(routes: Routes, services: set[str]) -> Routes:
    return {method: each for method, each in routes.items() if method.service not in services}
