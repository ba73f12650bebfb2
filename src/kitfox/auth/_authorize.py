"""Whether a caller may make the call that it makes."""

from collections.abc import Callable
from typing import NoReturn

from kitfox.core import Call, Endpoint, Middleware, PermissionDenied, Unauthenticated

Allows = Callable[[Call], bool]
"""Whether a call may be made, by what is known of it before its message is looked at."""


def authorize(allows: Allows | None = None) -> Middleware:
    """Return a server's middleware that lets a caller make the calls it may make.

    A caller needs all the scopes that `@rpc(scopes=…)` names, and the consent of `allows`, if
    there is one. Whoever is unknown gets Unauthenticated, for a name might help; who is known gets
    PermissionDenied. Stands behind `authenticate`. A `kitfox.app.Server` asks for scopes by itself.
    """

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def call_allowed(call: Call, message: object) -> object:
            if not call.method.scopes <= call.scopes:
                missing = call.method.scopes - call.scopes
                _refuse(call, f"needs the scope {' '.join(sorted(missing))}")
            if allows is not None and not allows(call):
                _refuse(call, "is not for this caller")
            return await endpoint(call, message)

        return call_allowed

    return wrap


def _refuse(call: Call, why: str) -> NoReturn:
    text = f"{call.method.path} {why}"
    if not call.identity:
        raise Unauthenticated(f"{text}, and nobody knows who calls")
    raise PermissionDenied(text)
