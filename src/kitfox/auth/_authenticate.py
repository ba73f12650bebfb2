"""Finding out who calls, before anything else is done for the call."""

from collections.abc import Iterable, Sequence

from kitfox.auth._behalf import speak_for
from kitfox.auth._caller import Caller, Way, bearer_of
from kitfox.core import Call, Endpoint, Middleware, Unauthenticated


def authenticate(*ways: Way, required: bool = True, forwarders: Iterable[str] = ()) -> Middleware:
    """Return a server's middleware that sets a call's `identity` and `scopes`.

    The first of `ways` that knows the caller says who it is. A token that no way accepts is always
    refused; a call that shows nothing is refused if callers are `required`, and is otherwise who
    its wire says it is, without scopes. Of `forwarders`, by identity, is believed for whom they
    call (see `forward_identity`); of nobody else.

    Raises:
        ValueError: there is no way, so that nobody or everybody would be let in.
    """
    if not ways:
        msg = "authenticate: expected at least one way for callers to prove who they are"
        raise ValueError(msg)
    trusted = frozenset(forwarders)

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def call_known(call: Call, message: object) -> object:
            caller = await _caller(call, ways)
            if caller is not None:
                call.identity, call.scopes = caller
            elif required:
                raise Unauthenticated("this method asks who calls, and the call does not show it")
            speak_for(call, trusted, required=required)
            return await endpoint(call, message)

        return call_known

    return wrap


async def _caller(call: Call, ways: Sequence[Way]) -> Caller | None:
    """Return who calls, or None when the call shows nothing; raise what is wrong with it."""
    refusal: Unauthenticated | None = None
    for way in ways:
        try:
            if (caller := await way.caller(call)) is not None:
                return caller
        except Unauthenticated as error:
            refusal = refusal or error
    if refusal is None and bearer_of(call) is not None:
        raise Unauthenticated("the token is of nobody who is known here")
    if refusal is not None:
        raise refusal
    return None
