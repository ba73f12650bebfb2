"""The files beside the pages: read once, served with their right type, kept by browsers."""

from hashlib import sha256
from pathlib import Path

from kitfox.net import Handler, SiteReply, SiteRequest

_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
# The address changes with the content, so what is kept is never old.
_KEEP = {"cache-control": "public, max-age=31536000, immutable"}


class Asset:
    """One file, read whole."""

    def __init__(self, file: Path) -> None:
        self._body = file.read_bytes()
        self._type = _TYPES[file.suffix]
        self._version = sha256(self._body).hexdigest()[:12]
        self._path = f"/{file.name}"

    @property
    def url(self) -> str:
        """Where a page finds it."""
        return f"{self._path}?v={self._version}"

    @property
    def route(self) -> tuple[str, Handler]:
        """The route that serves it."""
        return f"GET {self._path}", self._serve

    async def _serve(self, request: SiteRequest) -> SiteReply:
        keep = _KEEP if request.query.get("v") == self._version else {}
        return SiteReply(200, self._body, self._type, keep)
