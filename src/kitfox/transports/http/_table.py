"""Which route answers a request."""

from collections.abc import Callable, Mapping

from kitfox.core import DefinitionError, Method, Routes, method_of, service_name
from kitfox.net import Router
from kitfox.schema import Operation, Reflection
from kitfox.transports.http._binding import default_operation, operation_of, query_operation
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._route import Route
from kitfox.transports.http._streams import Streams

# Nobody's page: what servers put beside their services, and operators ask.
_BESIDE = {service_name(Reflection), "kitfox.v1.Control"}

Bindings = Mapping[Callable[..., object] | Method, str]


class RouteTable:
    """The routes of some methods, found as a Router finds them.

    `operations` are those that documents show, one for each method of a service of the user's.
    """

    def __init__(
        self, routes: Routes, bindings: Bindings, limits: HTTPLimits, streams: Streams
    ) -> None:
        carried = {m: e for m, e in routes.items() if not m.kind.streams_requests}
        chosen = _chosen(bindings, carried)
        self._router: Router[Route] = Router()
        self.find = self._router.find
        self.verbs = self._router.verbs
        self.operations: list[Operation] = []
        for method, endpoint in carried.items():
            operations = _operations(method, chosen.get(method))
            if method.service not in _BESIDE:
                self.operations.append(operations[0])
            for operation in operations:
                self._add(operation, Route(operation, endpoint, limits, streams))

    def _add(self, operation: Operation, route: Route) -> None:
        try:
            self._router.add(operation.verb, operation.path, route)
        except ValueError as error:
            msg = f"{operation.method.path}: {error}"
            raise DefinitionError(msg) from None


def _operations(method: Method, route: str | None) -> list[Operation]:
    """Return a method's bindings, the one to show first; a choice may be one that it has anyway."""
    chosen = [operation_of(method, route)] if route else []
    query = [query_operation(method)] if method.idempotent else []
    all_of_them = [*chosen, default_operation(method), *query]
    return list({(each.verb, each.path): each for each in reversed(all_of_them)}.values())[::-1]


def _chosen(bindings: Bindings, routes: Routes) -> dict[Method, str]:
    chosen = {k if isinstance(k, Method) else method_of(k): r for k, r in bindings.items()}
    for method, route in chosen.items():
        if method not in routes:
            msg = f"route {route!r}: {method.path} is not served here, or not over HTTP"
            raise DefinitionError(msg)
    return chosen
