"""Who may call, where there is a token: decided from a call's path and metadata alone."""

from kitfox.net import SharedToken
from kitfox.transports.grpc._grpcio import Pairs

# Whoever probes a server has no token, and learns no more than that it is there.
_PROBE = "/grpc.health.v1.Health/Check"


class Gate:
    """Lets those in who show the token (RFC 6750), and probes.

    Raises:
        ValueError: the token is empty.
    """

    def __init__(self, token: str) -> None:
        self._token = SharedToken(token)

    def why_not(self, path: str, metadata: Pairs) -> str | None:
        """Return why a call is refused, or None when it is not."""
        if path == _PROBE:
            return None
        shown = next((value for key, value in metadata if key == "authorization"), "")
        return self._token.why_not(shown if isinstance(shown, str) else "")
