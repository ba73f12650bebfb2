"""What a wire is to the rest: something that listens for calls, something that makes them."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from kitfox.core._endpoint import Endpoint, Middleware, chain
from kitfox.core._method import Kind, Method

Routes = Mapping[Method, Endpoint]


class Listener(Protocol):
    """The server side of a wire."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of method that this wire can carry."""
        ...

    def listen(self, routes: Routes) -> AbstractAsyncContextManager[str]:
        """Serve `routes` while the context is open; it yields the address as a URL.

        Leaving it drains: no new call is taken, the running ones end or are cancelled.
        """
        ...


class Connection(Protocol):
    """The client side of a wire, or whatever stands for it: a cluster, a fake, a wrapped one."""

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method`. Kept by clients: called once for each method."""
        ...


class Through:
    """A connection whose calls pass some middleware on their way."""

    def __init__(self, connection: Connection, *middleware: Middleware) -> None:
        self._connection = connection
        self._wrap = chain(*middleware)

    def endpoint(self, method: Method) -> Endpoint:
        """Return the connection's endpoint, wrapped."""
        return self._wrap(self._connection.endpoint(method))
