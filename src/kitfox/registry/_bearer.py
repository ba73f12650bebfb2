"""Showing a token with every call."""

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
