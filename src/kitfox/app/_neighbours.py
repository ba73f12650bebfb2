"""The services that run in one process, and meet there without a wire."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

from kitfox.core import Connection, Service, service_name
from kitfox.transports.memory import Memory


class Neighbours:
    """Gives each kind of service that will run in this process a connection, before it does.

    A call to one that is not up yet is Unreachable, as over any other wire.
    """

    def __init__(self, kinds: Iterable[type[Service]]) -> None:
        self._wires = {service_name(kind): Memory() for kind in kinds}

    def connection(self, service: str) -> Connection | None:
        """Return the way to a service of this process; None when it runs elsewhere."""
        return self._wires.get(service)

    def listen(self, service: Service) -> AbstractAsyncContextManager[str]:
        """Serve one of them to the others while the context is open."""
        return self._wires[service_name(service)].listen(service.routes())
