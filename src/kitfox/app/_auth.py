"""Who may call a service, as `[service.NAME.auth]` says it, and the middleware that finds out."""

import importlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

import msgspec

from kitfox.app._config_error import ConfigError, did_you_mean
from kitfox.app._member import Closable
from kitfox.auth import (
    JWKSURL,
    Certificates,
    JWKSFile,
    KeySource,
    StaticTokens,
    Way,
    authenticate,
    authorize,
)
from kitfox.core import Middleware

MEMBER = "system"
"""Who shows the system's own token, as all its members do."""


class JWTAuth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[service.NAME.auth.jwt]`: whose signed tokens are accepted.

    `keys` is where the issuer publishes them, an https URL or a file relative to the folder of the
    configuration; `secret` takes its place with HS256 and its like.
    """

    issuer: str
    audience: str | tuple[str, ...]
    algorithms: tuple[str, ...]
    keys: str = ""
    secret: str = ""
    identity: str = "sub"
    prefix: str = ""
    scopes: str = "scope"
    leeway: timedelta = timedelta()


class Auth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[service.NAME.auth]`: who may call. Tokens and scopes are by the caller's name."""

    required: bool = True
    tokens: Mapping[str, str | tuple[str, ...]] = {}
    scopes: Mapping[str, tuple[str, ...]] = {}
    certificates: bool = False
    forwarders: tuple[str, ...] = ()
    jwt: JWTAuth | None = None


@asynccontextmanager
async def authenticating(
    said: Auth | None, folder: Path, *, token: str = ""
) -> AsyncGenerator[tuple[Middleware, ...]]:
    """Make a server's middleware of what was said, and close it in the end; none, if nothing was.

    Files are relative to `folder`. Who shows `token`, the system's own, is called `system`, and has
    the scopes that are said of that.

    Raises:
        ConfigError: as `check_auth`.
    """
    if said is None:
        yield ()
        return
    async with AsyncExitStack() as stack:
        ways = check_auth(said, folder, token=token)
        for way in ways:
            if isinstance(way, Closable):
                stack.push_async_callback(way.aclose)
        who = authenticate(*ways, required=said.required, forwarders=said.forwarders)
        yield who, authorize()


def check_auth(said: Auth, folder: Path, *, token: str) -> Sequence[Way]:
    """Return the ways for callers to prove who they are; nothing is read yet.

    Raises:
        ConfigError: what was said is wrong, or its extra is missing; the key is below `auth`.
    """
    tokens = _tokens(said, token)
    scopes = {name: words for name, words in said.scopes.items() if name in tokens}
    if not said.certificates and (strangers := sorted(said.scopes.keys() - scopes.keys())):
        problem = f"there is no token for {strangers[0]}{did_you_mean(strangers[0], tokens)}"
        raise ConfigError("", f"scopes.{strangers[0]}", problem)
    ways: list[Way] = []
    try:
        if tokens:
            ways.append(StaticTokens(tokens, scopes=scopes))
        if said.jwt is not None:
            ways.append(_jwt(said.jwt, folder))
        if said.certificates:
            ways.append(Certificates(said.scopes))
    except ConfigError:  # which is one, and says its place
        raise
    except ValueError as error:
        raise ConfigError("", "", str(error)) from None
    if not ways:
        problem = "expected tokens, jwt or certificates = true: nobody could prove who it is"
        raise ConfigError("", "", problem)
    return ways


def _tokens(said: Auth, token: str) -> Mapping[str, str | tuple[str, ...]]:
    if not token:
        return said.tokens
    if MEMBER in said.tokens:
        raise ConfigError("", f"tokens.{MEMBER}", "that one's is the system's own token")
    return {**said.tokens, MEMBER: token}


def _jwt(said: JWTAuth, folder: Path) -> Way:
    """Return the way of signed tokens. Raises ConfigError; ValueError, which names the field."""
    if bool(said.keys) == bool(said.secret):
        raise ConfigError("", "jwt", "expected either keys or secret")
    try:  # imported when it is wanted: most services do without, and it is an extra's
        module = importlib.import_module("kitfox.auth.jwt")
    except ModuleNotFoundError:
        raise ConfigError("", "jwt", "needs an extra: pip install 'kitfox[jwt]'") from None
    make = cast("Callable[..., Way]", module.JWT)
    return make(
        issuer=said.issuer,
        audience=said.audience,
        keys=said.secret or _published(said.keys, folder),
        algorithms=said.algorithms,
        identity=said.identity,
        prefix=said.prefix,
        scopes=said.scopes,
        leeway=said.leeway.total_seconds(),
    )


def _published(keys: str, folder: Path) -> KeySource:
    return JWKSURL(keys) if "://" in keys else JWKSFile(folder / keys)
