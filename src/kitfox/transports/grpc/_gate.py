"""Who may call, where there is a token: decided from a call's path and metadata alone."""

import hmac

from kitfox.transports.grpc._grpcio import Pairs

_BEARER = "bearer "
# Whoever probes a server has no token, and learns no more than that it is there.
_PROBE = "/grpc.health.v1.Health/Check"


class Gate:
    """Lets those in who show the token (RFC 6750), and probes.

    Raises:
        ValueError: the token is empty.
    """

    def __init__(self, token: str) -> None:
        if not token.strip():
            raise ValueError("an empty token protects nothing; None asks for no token")
        self._token = token.strip().encode()

    def why_not(self, path: str, metadata: Pairs) -> str | None:
        """Return why a call is refused, or None when it is not."""
        if path == _PROBE:
            return None
        shown = next((value for key, value in metadata if key == "authorization"), "")
        if not isinstance(shown, str) or shown[: len(_BEARER)].lower() != _BEARER:
            return "this server asks for a token: send 'authorization: Bearer …'"
        if not hmac.compare_digest(shown[len(_BEARER) :].strip().encode(), self._token):
            return "the token is wrong"
        return None
