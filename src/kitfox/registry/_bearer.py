"""Showing a token with every call, and asking for it."""

from hmac import compare_digest

from kitfox.core import Call, Endpoint, Middleware


def bearer(token: str) -> Middleware:
    """Return a client's middleware that shows `token`; none at all if it is empty."""

    def wrap(endpoint: Endpoint) -> Endpoint:
        if not token:
            return endpoint

        async def call_with_token(call: Call, message: object) -> object:
            call.metadata["authorization"] = f"Bearer {token}"
            return await endpoint(call, message)

        return call_with_token

    return wrap


def shows(authorization: str, token: str) -> bool:
    """Whether an `authorization` text shows `token`, compared in constant time."""
    scheme, _, shown = authorization.partition(" ")
    return scheme.lower() == "bearer" and compare_digest(shown.strip().encode(), token.encode())
