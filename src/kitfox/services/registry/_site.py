"""The routes of the original protocol."""

import logging

import msgspec

from kitfox.core import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    RPCError,
    Unauthenticated,
    Unavailable,
)
from kitfox.net import Site, SiteReply, SiteRequest
from kitfox.registry import decode_registration
from kitfox.services.registry._courier import Undelivered
from kitfox.services.registry._gate import Gate
from kitfox.services.registry._original import Originals

BODY_LIMIT = 64 * 1024
BODY_TIMEOUT = 5.0

_STATUS: tuple[tuple[type[RPCError], int], ...] = (
    (InvalidArgument, 400),
    (Unauthenticated, 401),
    (PermissionDenied, 403),
    (NotFound, 404),
    (AlreadyExists, 409),
    (ResourceExhausted, 429),
    (Unavailable, 503),
)
_log = logging.getLogger("kitfox.registry")


def site(originals: Originals, gate: Gate) -> Site:
    """Return the ASGI application that answers services of the original kind."""
    routes = _Routes(originals, gate)
    return Site(
        {
            "GET /services": routes.listing,
            "POST /services": routes.register,
            "DELETE /services": routes.deregister,
        },
        body_limit=BODY_LIMIT,
        body_timeout=BODY_TIMEOUT,
    )


class _Routes:
    """Reads requests, asks `Originals`, and writes replies; successes have no body, as ever."""

    def __init__(self, originals: Originals, gate: Gate) -> None:
        self._originals = originals
        self._gate = gate

    async def listing(self, request: SiteRequest) -> SiteReply:
        """Answer with all providers."""
        try:
            self._admit(request)
        except RPCError as error:
            return _refusal(error)
        body = msgspec.json.encode(self._originals.providers())
        return SiteReply(200, body + b"\n", "application/json")

    async def register(self, request: SiteRequest) -> SiteReply:
        """Take a registration; answered once the newcomer has its first patch."""
        try:
            self._admit(request)
            registration = decode_registration(request.body)
            await self._originals.register(registration, request.client)
        except Undelivered as error:
            return SiteReply(400, f"ServiceUpdateURL: the first patch: {error}\n".encode())
        except ValueError as error:
            return SiteReply(400, f"{error}\n".encode())
        except RPCError as error:
            return _refusal(error)
        return SiteReply()

    async def deregister(self, request: SiteRequest) -> SiteReply:
        """Remove the service whose URL is the body."""
        try:
            self._admit(request)
            url = request.body.decode("utf-8", "replace").strip()
            await self._originals.deregister(url, request.client)
        except RPCError as error:
            return _refusal(error)
        return SiteReply()

    def _admit(self, request: SiteRequest) -> None:
        self._gate.admit_original(request.client, request.headers.get("authorization", ""))


def _refusal(error: RPCError) -> SiteReply:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return SiteReply(status, f"{error}\n".encode())
