"""Which route answers a request."""

from collections.abc import Callable, Mapping

from kitfox.core import DefinitionError, Method, Routes, method_of
from kitfox.net import Match, Router
from kitfox.schema import Operation
from kitfox.transports.http._binding import default_operation, operation_of, query_operation
from kitfox.transports.http._limits import HTTPLimits
from kitfox.transports.http._route import Route
from kitfox.transports.http._streams import Streams

Bindings = Mapping[Callable[..., object] | Method, str]


class RouteTable:
    """The routes of some methods. `operations` are those that documents show, one a method."""

    def __init__(
        self, routes: Routes, bindings: Bindings, limits: HTTPLimits, streams: Streams
    ) -> None:
        carried = {m: e for m, e in routes.items() if not m.kind.streams_requests}
        chosen = _chosen(bindings, carried)
        self._router: Router[Route] = Router()
        self._literal: dict[tuple[str, str], Match[Route]] = {}
        self.operations: list[Operation] = []
        for method, endpoint in carried.items():
            operations = _operations(method, chosen.get(method))
            self.operations.append(operations[0])
            for operation in operations:
                self._add(operation, Route(operation, endpoint, limits, streams))

    def find(self, verb: str, path: str) -> Match[Route] | None:
        """Return the route for a request, or None."""
        return self._literal.get((verb, path)) or self._router.find(verb, path)

    def verbs(self, path: str) -> tuple[str, ...]:
        """Return the verbs that a path has a route for."""
        return self._router.verbs(path)

    def _add(self, operation: Operation, route: Route) -> None:
        verb, path = operation.verb, operation.path
        self._router.add(verb, path, route)
        if not operation.path_fields:
            self._literal[verb, path] = (route, {})


def _operations(method: Method, route: str | None) -> list[Operation]:
    """Return a method's bindings, the one to show first."""
    chosen = [operation_of(method, route)] if route else []
    query = [query_operation(method)] if method.idempotent else []
    return [*chosen, default_operation(method), *query]


def _chosen(bindings: Bindings, routes: Routes) -> dict[Method, str]:
    chosen = {k if isinstance(k, Method) else method_of(k): r for k, r in bindings.items()}
    for method, route in chosen.items():
        if method not in routes:
            msg = f"route {route!r}: {method.path} is not served here, or not over HTTP"
            raise DefinitionError(msg)
    return chosen
