"""The services that run in one process, and meet there without a wire."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from kitfox.core import Connection, Middleware, Service, Through, chain, service_name
from kitfox.registry import bearer
from kitfox.transports.memory import Memory


class Neighbours:
    """Gives each kind of service that will run in this process a connection, before it does.

    A call to one that is not up yet is Unreachable, as over any other wire. All calls show `token`,
    if there is one.
    """

    def __init__(self, kinds: Iterable[type[Service]], *, token: str = "") -> None:
        self._wires = {service_name(kind): Memory() for kind in kinds}
        self._shown = bearer(token)

    def connection(self, service: str) -> Connection | None:
        """Return the way to a service of this process; None when it runs elsewhere."""
        wire = self._wires.get(service)
        return None if wire is None else Through(wire, self._shown)

    def listen(
        self, service: Service, middleware: Sequence[Middleware] = ()
    ) -> AbstractAsyncContextManager[str]:
        """Serve one of them to the others while the context is open, behind some middleware."""
        around = chain(*middleware)
        routes = {method: around(endpoint) for method, endpoint in service.routes().items()}
        return self._wires[service_name(service)].listen(routes)
