"""What every server tells about itself: its health, its methods as a document and as a page.

With WebSockets it also gives out what a web page makes calls with. Everybody may have that, as it
is the same everywhere; a page could show no token for it either.

The probes follow Kubernetes' naming. Liveness never looks at dependencies: a restart would not
mend those.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache

import msgspec

from kitfox.net import Site, SiteReply, SiteRequest
from kitfox.schema import Operation, docs_page, docs_page_csp, openapi

Ready = Callable[[], bool | Awaitable[bool]]


def pages(
    title: str,
    version: str,
    operations: Iterable[Operation],
    ready: Ready,
    script: bytes | None,
) -> Site:
    """Return the site with all of PATHS; without a `script`, there is none of those."""
    document = openapi(title, version, operations)  # what cannot be described is told at once
    csp = {"content-security-policy": docs_page_csp(), "x-content-type-options": "nosniff"}

    @lru_cache(maxsize=_ROOTS)
    def data(root: str) -> bytes:
        return msgspec.json.encode(_below(root, document))

    @lru_cache(maxsize=_ROOTS)
    def page(root: str) -> bytes:
        return docs_page(_below(root, document)).encode()

    async def live(_: SiteRequest) -> SiteReply:
        return SiteReply(200, b"ok\n")

    async def is_ready(_: SiteRequest) -> SiteReply:
        taken = ready()
        taken = taken if isinstance(taken, bool) else await taken
        return SiteReply(200, b"ok\n") if taken else SiteReply(503, b"not ready\n")

    async def describe(request: SiteRequest) -> SiteReply:
        return SiteReply(200, data(request.root), "application/json")

    async def docs(request: SiteRequest) -> SiteReply:
        return SiteReply(200, page(request.root), "text/html; charset=utf-8", csp)

    async def calling(_: SiteRequest) -> SiteReply:
        return SiteReply(200, script or b"", "text/javascript; charset=utf-8", _FRESH)

    routes = {
        "GET /livez": live,
        "GET /readyz": is_ready,
        "GET /startupz": live,
        "GET /openapi.json": describe,
        "GET /docs": docs,
    }
    return Site(routes if script is None else {**routes, f"GET {SCRIPT}": calling})


def _below(root: str, document: dict[str, object]) -> dict[str, object]:
    """Return a description whose paths begin where the server is mounted."""
    return {**document, "servers": [{"url": root}]} if root else document


_ROOTS = 4  # of one server, a mount and a proxy or two

# A page must not speak to a new server with what it has from an old one.
_FRESH = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}

PROBES = frozenset({"/livez", "/readyz", "/startupz"})
SCRIPT = "/kitfox.js"
PATHS = PROBES | frozenset({"/openapi.json", "/docs"})
