"""What every server tells about itself: its health, its methods as a document and as a page.

With WebSockets it also gives out what a web page makes calls with. Everybody may have that, as it
is the same everywhere; a page could show no token for it either.

The probes follow Kubernetes' naming. Liveness never looks at dependencies: a restart would not
mend those.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
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
    description = _Description(openapi(title, version, operations))

    async def live(_: SiteRequest) -> SiteReply:
        return SiteReply(200, b"ok\n")

    async def is_ready(_: SiteRequest) -> SiteReply:
        taken = ready()
        taken = taken if isinstance(taken, bool) else await taken
        return SiteReply(200, b"ok\n") if taken else SiteReply(503, b"not ready\n")

    async def calling(_: SiteRequest) -> SiteReply:
        return SiteReply(200, script or b"", "text/javascript; charset=utf-8", _FRESH)

    routes = {
        "GET /livez": live,
        "GET /readyz": is_ready,
        "GET /startupz": live,
        "GET /openapi.json": description.document,
        "GET /docs": description.page,
    }
    return Site(routes if script is None else {**routes, f"GET {SCRIPT}": calling})


class _Description:
    """Tells the methods of a server, whose paths begin where it is mounted."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        self._written = lru_cache(maxsize=_ROOTS)(self._write)

    def _below(self, root: str) -> Mapping[str, object]:
        return {**self._document, "servers": [{"url": root}]} if root else self._document

    def _write(self, root: str) -> bytes:
        return docs_page(self._below(root)).encode()

    async def document(self, request: SiteRequest) -> SiteReply:
        """Answer with it for programs."""
        return SiteReply(200, msgspec.json.encode(self._below(request.root)), "application/json")

    async def page(self, request: SiteRequest) -> SiteReply:
        """Answer with it for people; it is written when somebody asks."""
        csp = {"content-security-policy": docs_page_csp(), "x-content-type-options": "nosniff"}
        return SiteReply(200, self._written(request.root), "text/html; charset=utf-8", csp)


_ROOTS = 4  # where one server is mounted at once

# A page must not speak to a new server with what it has from an old one.
_FRESH = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}

PROBES = frozenset({"/livez", "/readyz", "/startupz"})
SCRIPT = "/kitfox.js"
PATHS = PROBES | frozenset({"/openapi.json", "/docs"})
