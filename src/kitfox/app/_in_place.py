"""A service in this process as a connection."""

from functools import partial

from kitfox.core import Endpoint, Method, Service, Unimplemented, within_deadline


class InPlace:
    """A connection to a service object, with neither wire nor codec between.

    With it a class that speaks somebody else's protocol stands where a connection is wanted: the
    `dial` of its contract returns `InPlace(ThatClass(url, client))`.
    """

    def __init__(self, service: Service) -> None:
        self._routes = service.routes()

    def endpoint(self, method: Method) -> Endpoint:
        """Return the service's own endpoint, whose own calls know the deadline, as at a server.

        Raises Unimplemented when there is no such method.
        """
        if (endpoint := self._routes.get(method)) is None:
            msg = f"there is no method {method.path}"
            raise Unimplemented(msg)
        return partial(within_deadline, endpoint)
