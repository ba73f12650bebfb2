"""Callers that show a secret which was given to each of them."""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final

from kitfox.auth._caller import Caller, bearer_of
from kitfox.core import Call

_HASHED: Final = "sha256:"
_HEX: Final = 64


def hash_token(token: str) -> str:
    """Return what a configuration may hold instead of `token`: `sha256:` and its digest.

    A plain SHA-256 is enough for a token that was drawn, as `secrets.token_urlsafe(32)` does it,
    and is no protection for a password that a person thought of.
    """
    return _HASHED + _digest(token).hex()


class StaticTokens:
    """Lets in whoever shows a token from a list, as `authorization: Bearer …`.

    `tokens` are by the caller's name: the token itself or what `hash_token` made of it, or several
    while they are changed. `scopes` are what each may do, by name. All tokens are compared, each in
    constant time: meant for a handful, a microsecond or two for ten.

    Raises:
        ValueError: a token is empty, malformed or of two callers; scopes are of nobody.
    """

    def __init__(
        self,
        tokens: Mapping[str, str | Iterable[str]],
        *,
        scopes: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        scopes = scopes or {}
        if strangers := sorted(scopes.keys() - tokens.keys()):
            msg = f"scopes: there is no token for {', '.join(strangers)}"
            raise ValueError(msg)
        self._known: dict[bytes, Caller] = {}
        for name, given in tokens.items():
            caller = Caller(name, frozenset(scopes.get(name, ())))
            for digest in _digests(name, given):
                if self._known.setdefault(digest, caller) is not caller:
                    msg = f"tokens: {self._known[digest].identity} and {name} have the same token"
                    raise ValueError(msg)

    async def caller(self, call: Call, /) -> Caller | None:
        """Return whose token a call shows; None when it shows none, or another way's."""
        if (token := bearer_of(call)) is None:
            return None
        shown, found = _digest(token), None
        for digest, caller in self._known.items():  # all of them, whichever it is
            if hmac.compare_digest(digest, shown):
                found = caller
        return found


def _digests(name: str, given: str | Iterable[str]) -> Iterator[bytes]:
    if not name:
        msg = "tokens: a caller needs a name"
        raise ValueError(msg)
    if not (tokens := [given] if isinstance(given, str) else list(given)):
        msg = f"tokens: {name} has no token"
        raise ValueError(msg)
    for token in tokens:
        if not token.strip():
            msg = f"tokens: that of {name} is empty, which protects nothing"
            raise ValueError(msg)
        yield _unhashed(name, token) if token.startswith(_HASHED) else _digest(token)


def _unhashed(name: str, token: str) -> bytes:
    text = token.removeprefix(_HASHED)
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(text) != _HEX or len(digest) != sha256().digest_size:
        msg = f"tokens: that of {name} begins with {_HASHED!r}; expected {_HEX} hexadecimal digits"
        raise ValueError(msg)
    return digest


def _digest(token: str) -> bytes:
    return sha256(token.strip().encode("utf-8", "surrogatepass")).digest()
