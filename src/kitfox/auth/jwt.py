"""Callers that show a signed token (JWT, RFC 7519); needs the extra `jwt`.

The rules are those of RFC 8725: algorithms are pinned, and so are the issuer and the audience; a
token must end; a key is used for its own algorithm only.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from time import time
from typing import Any, Final, NamedTuple, Protocol, cast

import jwt
import msgspec
from jwt.algorithms import get_default_algorithms

from kitfox.auth._caller import Caller, bearer_of
from kitfox.auth._jwks import KeySource
from kitfox.auth._key_ring import KeyRing
from kitfox.auth._remembered import Remembered
from kitfox.core import Call, Unauthenticated

_log = logging.getLogger("kitfox.auth")

_LONGEST: Final = 16 * 1024  # characters of a token
_FAMILIES: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP", "HS": "oct"}

# What may be told to whoever shows a token; anything else is just not valid.
_WHY: Final[Mapping[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.MissingRequiredClaimError: "the token lacks a claim that is needed",
}


class JWT:
    """Lets in whoever shows a token of one issuer, made for this audience and still good.

    - `keys`: where the issuer publishes its keys (JWKSFile, JWKSURL), or one key: a public one in
      PEM, or with HS256 and its like a shared secret
    - `algorithms` that the issuer signs with, as `["RS256"]`; no other is looked at
    - `identity` is the claim that says who calls, and `prefix` stands before it, so that nobody is
      taken for a caller of another kind; `scopes` is the claim with words or a list of scopes
    - `leeway`: how many seconds the issuer's clock may differ from this one
    - `remember`: for how many seconds at most a token that was found good is not verified again;
      it is good no longer than it says in any case

    Tokens of other issuers are left to other ways. Claims are never logged.

    Raises:
        ValueError: an algorithm is unknown, or not of a kind with the others; a key is of no use.
    """

    def __init__(  # noqa: PLR0913 - independent knobs, all keyword-only
        self,
        *,
        issuer: str,
        audience: str | Collection[str],
        keys: KeySource | str | bytes,
        algorithms: Collection[str],
        identity: str = "sub",
        prefix: str = "",
        scopes: str = "scope",
        leeway: float = 0.0,
        remember: float = 60.0,
        wall: Callable[[], float] = time,
    ) -> None:
        self._algorithms = _checked(algorithms)
        self._issuer = issuer
        self._audience = audience if isinstance(audience, str) else list(audience)
        self._identity, self._prefix, self._scopes = identity, prefix, scopes
        self._leeway = leeway
        if isinstance(keys, str | bytes):
            self._keys: _Keys = _OneKey(keys, self._algorithms[0])
        else:
            self._keys = _PublishedKeys(keys)
        self._good = Remembered(remember)
        self._wall = wall

    async def caller(self, call: Call, /) -> Caller | None:
        """Return whose token a call shows; None when it shows none of this issuer."""
        token = bearer_of(call)
        if token is None or token.count(".") != 2 or len(token) > _LONGEST:
            return None
        now, digest = self._wall(), sha256(token.encode("utf-8", "surrogatepass")).digest()
        if (caller := self._good.get(digest, now)) is not None:
            return caller
        if not self._is_ours(token):
            return None
        claims = self._verified(token, await self._key(token))
        caller = self._caller(claims)
        self._good.put(digest, caller, until=float(cast("int", claims["exp"])), now=now)
        return caller

    async def aclose(self) -> None:
        """Stop reading keys."""
        await self._keys.aclose()

    def _is_ours(self, token: str) -> bool:
        try:
            said = jwt.decode(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            return False
        return bool(said.get("iss") == self._issuer)

    async def _key(self, token: str) -> object:
        header = jwt.get_unverified_header(token)
        algorithm, name = header.get("alg"), header.get("kid")
        if algorithm not in self._algorithms:
            raise Unauthenticated("the token is signed by an algorithm that is not accepted here")
        key = await self._keys.find(algorithm, name)
        if key is None:
            raise Unauthenticated("the token is signed with a key that its issuer does not publish")
        return key

    def _verified(self, token: str, key: object) -> Mapping[str, object]:
        try:
            return jwt.decode(
                token,
                cast("Any", key),  # one of cryptography's, or a secret
                algorithms=self._algorithms,
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={
                    "require": ["exp", "iss", "aud", self._identity],
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise Unauthenticated(_WHY.get(type(error), "the token is not valid")) from None

    def _caller(self, claims: Mapping[str, object]) -> Caller:
        identity = claims[self._identity]
        if not isinstance(identity, str) or not identity:
            raise Unauthenticated("the token does not say whose it is")
        return Caller(self._prefix + identity, _words(claims.get(self._scopes)))


def _checked(algorithms: Collection[str]) -> list[str]:
    """Return the algorithms, if one kind of key serves them all."""
    if isinstance(algorithms, str):
        msg = f"algorithms: expected a list, as [{algorithms!r}]"
        raise TypeError(msg)
    known = get_default_algorithms().keys() - {"none"}
    if unknown := [name for name in algorithms if name not in known]:
        msg = f"algorithms: {', '.join(unknown)} is none of {', '.join(sorted(known))}"
        raise ValueError(msg)
    secret = {name.startswith("HS") for name in algorithms}
    if len(secret) != 1:  # a public key, known to all, could be taken for a secret (RFC 8725, 2.1)
        msg = "algorithms: expected at least one, and those with a shared secret by themselves"
        raise ValueError(msg)
    return list(algorithms)


def _words(claim: object) -> frozenset[str]:
    """Return the scopes in a claim: words in a text (RFC 8693, 4.2), or a list of texts."""
    if isinstance(claim, str):
        return frozenset(claim.split())
    if isinstance(claim, list):
        items = cast("list[object]", claim)
        return frozenset(item for item in items if isinstance(item, str))
    return frozenset()


class _Keys(Protocol):
    """The keys of an issuer."""

    async def find(self, algorithm: str, name: str | None) -> object | None: ...

    async def aclose(self) -> None: ...


class _OneKey:
    """A key that does not change."""

    def __init__(self, key: str | bytes, algorithm: str) -> None:
        signing = get_default_algorithms()[algorithm]
        try:
            self._key: object = signing.prepare_key(key)
            weakness = signing.check_key_length(self._key)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            weakness = str(error)
        if weakness:
            msg = f"keys: this is no key for {algorithm}: {weakness}"
            raise ValueError(msg)

    async def find(self, algorithm: str, name: str | None) -> object | None:
        return self._key

    async def aclose(self) -> None:
        pass


class _Key(NamedTuple):
    """One key of a set; `algorithm` is None when it serves all of its family."""

    name: str | None
    algorithm: str | None
    family: str
    key: object

    def fits(self, algorithm: str, name: str | None) -> bool:
        """Whether a token by `algorithm` that names its key so may be signed with this one."""
        return (
            self.family == _FAMILIES.get(algorithm[:2])
            and (self.algorithm is None or self.algorithm == algorithm)
            and (name is None or name == self.name)
        )


class _PublishedKeys:
    """The keys that a source has."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._ring = KeyRing(self._read, max_age=source.max_age, again=source.again)

    async def find(self, algorithm: str, name: str | None) -> object | None:
        key = await self._ring.find(lambda key: key.fits(algorithm, name))
        return None if key is None else key.key

    async def aclose(self) -> None:
        await self._ring.aclose()

    async def _read(self) -> Sequence[_Key]:
        body = await self._source.read()
        listed = msgspec.json.decode(body, type=_KeySet).keys
        usable = [key for data in listed if (key := _key_of(data)) is not None]
        if not usable:
            msg = f"none of the set's {len(listed)} keys is of use"
            raise ValueError(msg)
        return usable


class _KeySet(msgspec.Struct):
    """A JWK set, as it is published."""

    keys: list[dict[str, Any]]


def _key_of(data: dict[str, Any]) -> _Key | None:
    """Return a key for signatures; None for one of another use, or of a kind nobody knows here."""
    if data.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(data)
    except (jwt.PyJWTError, ValueError, TypeError):
        _log.info("a key of the set is left out: nothing here can use it")
        return None
    return _Key(data.get("kid"), data.get("alg"), cast("str", key.key_type), key.key)
