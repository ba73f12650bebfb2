"""Bearer tokens (RFC 6750): what `authorization: Bearer …` shows, and whether it is the right one.

Whoever reads fields as bytes decodes them with "surrogateescape", so that nothing is lost.
"""

from hmac import compare_digest


class SharedToken:
    """The one token that all callers of a server must show; compared in constant time.

    Raises:
        ValueError: it is empty.
    """

    def __init__(self, token: str) -> None:
        self._token = stripped(token).encode()

    def matches(self, token: str) -> bool:
        """Whether a token is this one."""
        return compare_digest(token.encode("utf-8", "surrogateescape"), self._token)

    def why_not(self, authorization: str) -> str | None:
        """Return why a caller that shows this is refused; None when it shows the token."""
        if not (token := bearer_token(authorization)):
            return "this server asks for a token: send 'authorization: Bearer …'"
        return None if self.matches(token) else "the token is wrong"


def bearer_token(authorization: str) -> str | None:
    """Return the token that is shown; None where something else is, or nothing."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def stripped(token: str) -> str:
    """Return a token as it is compared, without space around it; raise ValueError for none."""
    if not (bare := token.strip()):
        raise ValueError("an empty token protects nothing; None asks for no token")
    return bare
