"""Endpoints whose middleware can be changed while calls run through them."""

from collections.abc import Awaitable, Callable
from weakref import WeakSet

from kitfox.core import Call, Endpoint, Method, Middleware

Make = Callable[[Method], Middleware]


class _Slot:
    """One method's endpoint, and what is around it at present."""

    __slots__ = ("__weakref__", "_inner", "_method", "endpoint")

    def __init__(self, method: Method, inner: Endpoint, make: Make) -> None:
        self._method = method
        self._inner = inner
        self.fill(make)

    def fill(self, make: Make) -> None:
        """Put something else around it. Calls that run pass what they began with."""
        self.endpoint = make(self._method)(self._inner)


class Slots:
    """All slots of a chain that are in use."""

    def __init__(self) -> None:
        self._slots: WeakSet[_Slot] = WeakSet()

    def around(self, method: Method, inner: Endpoint, make: Make) -> Endpoint:
        """Return an endpoint that calls `inner` through what `make` makes, now or later."""
        slot = _Slot(method, inner, make)
        self._slots.add(slot)

        def call_through(call: Call, message: object) -> Awaitable[object]:
            return slot.endpoint(call, message)

        return call_through

    def fill(self, make: Make) -> None:
        """Put something else around all of them."""
        for slot in self._slots:
            slot.fill(make)
