"""Who calls, what it may do, and for whom a service calls others."""

from kitfox.auth._authenticate import authenticate as authenticate
from kitfox.auth._authorize import Allows as Allows, authorize as authorize
from kitfox.auth._behalf import forward_identity as forward_identity
from kitfox.auth._caller import Caller as Caller, Way as Way, bearer_of as bearer_of
from kitfox.auth._certificates import Certificates as Certificates
from kitfox.auth._credentials import (
    Credentials as Credentials,
    Renewing as Renewing,
    Token as Token,
    TokenFile as TokenFile,
    show as show,
)
from kitfox.auth._jwks import (
    JWKSURL as JWKSURL,
    JWKSFile as JWKSFile,
    KeySource as KeySource,
)
from kitfox.auth._static_tokens import StaticTokens as StaticTokens, hash_token as hash_token

__all__ = [
    "JWKSURL",
    "Allows",
    "Caller",
    "Certificates",
    "Credentials",
    "JWKSFile",
    "KeySource",
    "Renewing",
    "StaticTokens",
    "Token",
    "TokenFile",
    "Way",
    "authenticate",
    "authorize",
    "bearer_of",
    "forward_identity",
    "hash_token",
    "show",
]
