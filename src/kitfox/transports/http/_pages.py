"""What every server tells about itself: its health, its methods as a document and as a page.

The probes follow Kubernetes' naming. Liveness never looks at dependencies: a restart would not
mend those.
"""

from collections.abc import Callable, Iterable

import msgspec

from kitfox.net import Site, SiteReply, SiteRequest
from kitfox.schema import Operation, docs_page, docs_page_csp, openapi

Ready = Callable[[], bool]


def pages(title: str, version: str, operations: Iterable[Operation], ready: Ready) -> Site:
    """Return the site with `/livez`, `/readyz`, `/startupz`, `/openapi.json` and `/docs`."""
    document = openapi(title, version, operations)
    data = msgspec.json.encode(document)
    page = docs_page(document).encode()
    csp = {"content-security-policy": docs_page_csp(), "x-content-type-options": "nosniff"}

    async def live(_: SiteRequest) -> SiteReply:
        return SiteReply(200, b"ok\n")

    async def is_ready(_: SiteRequest) -> SiteReply:
        return SiteReply(200, b"ok\n") if ready() else SiteReply(503, b"not ready\n")

    async def describe(_: SiteRequest) -> SiteReply:
        return SiteReply(200, data, "application/json")

    async def docs(_: SiteRequest) -> SiteReply:
        return SiteReply(200, page, "text/html; charset=utf-8", csp)

    return Site(
        {
            "GET /livez": live,
            "GET /readyz": is_ready,
            "GET /startupz": live,
            "GET /openapi.json": describe,
            "GET /docs": docs,
        }
    )


PROBES = frozenset({"/livez", "/readyz", "/startupz"})
PATHS = PROBES | frozenset({"/openapi.json", "/docs"})
