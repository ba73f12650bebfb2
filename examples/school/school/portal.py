"""The portal: the school's web pages, over whatever grading service there is.

It keeps nothing itself. While grading is away it says so, and the next request tries again.
"""

import logging

from msgspec import Struct

from kitfox.core import InvalidArgument, NotFound, RPCError, Service, Unavailable
from kitfox.net import ASGIApp, Handler, Site, SiteReply, SiteRequest
from kitfox.scope import fail_after
from school._assets import Asset
from school._forms import Form
from school._pages import FOLDER, Pages
from school._views import Views, html, typed_in
from school._web import BODY_LIMIT, with_headers
from school.contract import Grading

_log = logging.getLogger("school.portal")

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
RETRY_SECONDS = 5


class PortalSettings(Struct, frozen=True):
    """How the portal looks and behaves.

    `patience` is how long, in seconds, grading may take over one request. Without `editing` the
    portal offers what the original does: to look, and to add grades.
    """

    school: str = "Kitfox School"
    patience: float = 2.0
    editing: bool = True


class Portal(Service, name="school.Portal"):
    """The pages; they are an ASGI application, there is nothing to call."""

    def __init__(self, grading: Grading, settings: PortalSettings) -> None:
        self._grading = grading
        self._settings = settings
        self._assets = (style, icon) = (Asset(FOLDER / "portal.css"), Asset(FOLDER / "fox.svg"))
        self._pages = Pages(
            school=settings.school, style=style.url, icon=icon.url, editing=settings.editing
        )

    def asgi(self) -> ASGIApp:
        """Return what serves the pages."""
        views = Views(self._grading, self._pages).routes(editing=self._settings.editing)
        routes = {route: self._answering(view) for route, view in views.items()}
        assets = dict(asset.route for asset in self._assets)
        site = Site(routes | assets, body_limit=BODY_LIMIT, refusal=self._refused)
        return with_headers(site, HEADERS)

    def _refused(self, plain: SiteReply) -> SiteReply:
        """Show a page where the site would answer in plain text."""
        if plain.status == 404:
            page = self._pages.notice("No such page", "There is nothing at this address.")
        else:
            reason = plain.body.decode().strip()
            page = self._pages.notice("That did not work", f"The reason: {reason}.")
        return html(page, plain.status, dict(plain.headers))

    def _answering(self, view: Handler) -> Handler:
        """Bound a view in time, and put its failure in words."""

        async def answer(request: SiteRequest) -> SiteReply:
            try:
                async with fail_after(self._settings.patience):
                    return await view(request)
            except (RPCError, TimeoutError) as error:
                return self._failed(request, error)

        return answer

    def _failed(self, request: SiteRequest, error: Exception) -> SiteReply:
        if isinstance(error, NotFound):
            return html(
                self._pages.notice(
                    "Not found", "No such student or grade; it may have been removed."
                ),
                404,
            )
        if isinstance(error, InvalidArgument):
            return html(self._pages.notice("That cannot be read", str(error)), 400)
        _log.warning("%s %s: %r", request.verb, request.path, error)
        if isinstance(error, Unavailable | TimeoutError):
            return self._away(request)
        return html(self._pages.notice("That did not work", "Grading failed to answer."), 502)

    def _away(self, request: SiteRequest) -> SiteReply:
        headers = {"retry-after": str(RETRY_SECONDS)}
        if request.verb == "POST":
            return html(self._pages.away(request.path, Form(typed_in(request))), 503, headers)
        # With its path: a browser takes a refresh of /a#b for a jump to b, and asks nobody.
        headers["refresh"] = f"{RETRY_SECONDS}; url={request.path}"
        return html(self._pages.away(request.path, Form()), 503, headers)
