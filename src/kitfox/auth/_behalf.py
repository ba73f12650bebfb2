"""For whom a service calls: who called it, told to the next service, if it is told to.

One metadata key, `kitfox-on-behalf-of`, holds `identity;scope scope`, each percent-encoded;
`;` alone is somebody whom nobody knows. Whoever writes it must prove who it is itself, and be one
of those whom the receiver believes: the key of anybody else is refused, not passed over, for
without it the call would have the forwarder's own rights.
"""

from typing import Final
from urllib.parse import quote, unquote

from kitfox.auth._caller import Caller
from kitfox.core import (
    Call,
    Endpoint,
    InvalidArgument,
    Middleware,
    PermissionDenied,
    Unauthenticated,
    served_call,
)

_KEY: Final = "kitfox-on-behalf-of"
_PLAIN: Final = ":/@+._-~"


def forward_identity() -> Middleware:
    """Return a client's middleware that tells for whom the running handler makes its calls.

    Only servers that name this service among their `forwarders` believe it. Calls that no handler
    makes are the service's own.
    """

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def call_for(call: Call, message: object) -> object:
            if (served := served_call()) is not None:
                call.metadata[_KEY] = _written(Caller(served.identity, served.scopes))
            return await endpoint(call, message)

        return call_for

    return wrap


def speak_for(call: Call, trusted: frozenset[str], *, required: bool) -> None:
    """Make a call that of whom it is made for, if it says so and is believed.

    A forwarder lends nobody rights that it has not: the scopes are those that both have.

    Raises:
        PermissionDenied: the caller is not one of the `trusted`.
        Unauthenticated: it calls for somebody unknown, and callers are `required` to be known.
    """
    if (text := call.metadata.get(_KEY)) is None:
        return
    if not call.identity or call.identity not in trusted:
        raise PermissionDenied(f"{call.identity or 'an unknown caller'} may not call for others")
    caller = _read(text)
    if required and not caller.identity:
        raise Unauthenticated(f"{call.identity} calls for somebody whom it does not know")
    call.identity, call.scopes = caller.identity, caller.scopes & call.scopes


def _written(caller: Caller) -> str:
    scopes = " ".join(map(_quoted, sorted(caller.scopes)))
    return f"{_quoted(caller.identity)};{scopes}"


def _read(text: str) -> Caller:
    identity, separator, scopes = text.partition(";")
    if not separator:
        raise InvalidArgument(f"metadata {_KEY}: expected an identity, ';' and scopes")
    try:  # strictly, for two names must not become one
        return Caller(_unquoted(identity), frozenset(map(_unquoted, scopes.split())))
    except UnicodeDecodeError:
        raise InvalidArgument(f"metadata {_KEY}: expected UTF-8, percent-encoded") from None


def _quoted(name: str) -> str:
    return quote(name, safe=_PLAIN, errors="surrogatepass")


def _unquoted(text: str) -> str:
    return unquote(text, errors="strict")
