"""Callers that have proved who they are by their certificate (mutual TLS)."""

from collections.abc import Iterable, Mapping

from kitfox.auth._caller import Caller
from kitfox.core import Call


class Certificates:
    """Lets in callers by the names in their certificates, which their wires have checked.

    `scopes` are what each may do, by name. With `named_only`, a caller with a good certificate that
    is not named there is a stranger all the same.
    """

    def __init__(
        self, scopes: Mapping[str, Iterable[str]] | None = None, *, named_only: bool = False
    ) -> None:
        self._callers = {
            name: Caller(name, frozenset(allowed)) for name, allowed in (scopes or {}).items()
        }
        self._named_only = named_only

    async def caller(self, call: Call, /) -> Caller | None:
        """Return who the wire says calls; None when the caller showed no certificate."""
        if not call.identity:
            return None
        known = self._callers.get(call.identity)
        return known if known or self._named_only else Caller(call.identity)
