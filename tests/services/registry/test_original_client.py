"""A kitfox service in a registry of the original kind, which is here ours and one made by hand."""

from contextlib import aclosing

import pytest

from kitfox.core import FailedPrecondition, InvalidArgument
from kitfox.net import HTTPClient, Site, SiteReply
from kitfox.registry import Instance, OriginalRegistry, decode_registration
from kitfox.scope import fail_after
from kitfox.transports.http import HTTP

LOG = b'{"Name":"LogService","URL":"http://localhost:4000"}'
NOWHERE = "http://localhost:1"


def soonest() -> float:
    """Draw the shortest wait."""
    return 0.0


class GoRegistry:
    """Takes registrations as the original does: appends them, and delivers one first patch."""

    def __init__(self, http: HTTPClient, first_patch: bytes) -> None:
        self.entries = []
        self._http = http
        self._first_patch = first_patch
        self.site = Site({"POST /services": self._register, "DELETE /services": self._remove})

    async def _register(self, request) -> SiteReply:
        registration = decode_registration(request.body)
        reply = await self._http.request("POST", registration.update_url, body=self._first_patch)
        if reply.status != 200:
            return SiteReply(400)
        self.entries.append(registration)
        return SiteReply()

    async def _remove(self, request) -> SiteReply:
        for entry in self.entries:
            if entry.service_url == request.body.decode():
                self.entries.remove(entry)
                return SiteReply()
        return SiteReply(500)


@pytest.fixture
async def http():
    async with HTTPClient() as client:
        yield client


def grading_at(address: str) -> Instance:
    return Instance("school.v1.Grading", "grading-1", (address,))


def member(http: HTTPClient, registry_url: str, **options) -> OriginalRegistry:
    names = {"school.v1.Grading": "GradingService", "kitfox.v1.Logs": "LogService"}
    requires = options.pop("requires", ["kitfox.v1.Logs"])
    return OriginalRegistry(
        registry_url, http, requires=requires, names=names, draw=soonest, **options
    )


async def test_a_kitfox_service_joins_our_registry_by_the_original_protocol(
    registry, twins, ask, http
):
    running, log = await registry(), await twins("LogService")
    await ask(running.asgi, "POST", "/services", log.registration)
    async with HTTP(fallback=running.asgi).listen({}) as url:
        original = member(http, url)
        async with HTTP(fallback=original.asgi()).listen({}) as own:
            async with fail_after(10), aclosing(original.watch("kitfox.v1.Logs")) as sets:
                await original.register(grading_at(own))
                assert [i.addresses for i in await anext(sets)] == [(log.url,)]
                (grading,) = await running.instances("GradingService")
                assert grading.addresses == (own,)
                await ask(running.asgi, "DELETE", "/services", log.url)
                assert await anext(sets) == frozenset()
            await original.deregister(grading_at(own))
            assert await running.instances("GradingService") == ()


@pytest.mark.parametrize(
    ("patches", "known"),
    [
        ([b'{"Added":[' + LOG + b'],"Removed":null}'], True),
        ([b'{"Added":null,"Removed":null}'], False),
        ([b'{"added":[' + LOG + b"]}", b'{"Added":[],"Removed":[]}'], True),
        ([b'{"Added":[' + LOG + b"," + LOG + b"]}", b'{"Removed":[' + LOG + b"]}"], False),
        ([b'{"Added":[' + LOG + b"]}", b'{"Added":null,"Remove":[' + LOG + b"]}"], False),
    ],
)
async def test_patches_of_every_shape_are_applied(http, ask, patches, known):
    go = GoRegistry(http, patches[0])
    async with HTTP(fallback=go.site).listen({}) as url:
        original = member(http, url)
        app = original.asgi()
        async with HTTP(fallback=app).listen({}) as own:
            await original.register(grading_at(own))
            for patch in patches[1:]:
                assert (await ask(app, "POST", "/services", patch)).status == 200
            async with fail_after(10), aclosing(original.watch("kitfox.v1.Logs")) as sets:
                expected = {
                    Instance("kitfox.v1.Logs", "http://localhost:4000", ("http://localhost:4000",))
                }
                assert await anext(sets) == (expected if known else frozenset())
            await original.aclose()
        assert go.entries == []


async def test_a_patch_from_anybody_else_is_refused(http, ask):
    go = GoRegistry(http, b"{}")
    async with HTTP(fallback=go.site).listen({}) as url:
        original = member(http, url)
        app = original.asgi()
        forged = b'{"Added":[' + LOG + b"]}"
        assert (await ask(app, "POST", "/services", forged)).status == 403
        async with HTTP(fallback=app).listen({}) as own:
            await original.register(grading_at(own))
            assert (await ask(app, "POST", "/services", forged, client="10.0.0.7")).status == 403
            answer = await ask(app, "POST", "/services", forged, sec_fetch_site="cross-site")
            assert answer.status == 403
            assert (await ask(app, "POST", "/services", b"{", client="::1")).status == 400
            async with fail_after(10), aclosing(original.watch("kitfox.v1.Logs")) as sets:
                assert await anext(sets) == frozenset()
            await original.aclose()


async def test_heartbeats_are_answered_and_other_paths_left_to_the_rest(http, ask):
    rest = Site({"GET /log": lambda _: answer()})

    async def answer() -> SiteReply:
        return SiteReply(200, b"rest")

    app = member(http, NOWHERE).asgi(rest)
    for verb in ("GET", "POST", "HEAD"):
        assert (await ask(app, verb, "/heartbeat")).status == 200
    assert (await ask(app, "GET", "/log")).body == b"rest"
    assert (await ask(app, "PUT", "/services")).status == 405


async def test_a_registry_that_is_away_is_joined_when_it_comes(http, until):
    go = GoRegistry(http, b"{}")
    async with HTTP(fallback=go.site).listen({}) as url:
        pass
    original = member(http, url)
    async with HTTP(fallback=original.asgi()).listen({}) as own:
        await original.register(grading_at(own))
        async with fail_after(10), aclosing(original.watch("kitfox.v1.Logs")) as sets:
            assert await anext(sets) == frozenset()
        async with HTTP(url.removeprefix("http://"), fallback=go.site).listen({}):
            await until(lambda: len(go.entries) == 1)
            await original.aclose()


async def test_a_registry_that_forgot_us_is_joined_again_and_only_once(http, ask, until):
    go, now = GoRegistry(http, b"{}"), 0.0
    async with HTTP(fallback=go.site).listen({}) as url:
        original = member(http, url, clock=lambda: now)
        app = original.asgi()
        async with HTTP(fallback=app).listen({}) as own:
            await original.register(grading_at(own))
            await ask(app, "GET", "/heartbeat")
            now = 3.0
            await ask(app, "GET", "/heartbeat", client="10.0.0.7")  # says nothing of the registry
            go.entries.clear()
            now = 10.1
            await until(lambda: len(go.entries) == 1)
            await ask(app, "GET", "/heartbeat")
            now = 30.0
            remembered = go.entries[0]
            await until(lambda: go.entries and go.entries[0] is not remembered)
            assert len(go.entries) == 1
            await original.aclose()


async def test_what_the_protocol_cannot_say_is_refused(http):
    original = member(http, NOWHERE)
    with pytest.raises(InvalidArgument, match="no http address"):
        await original.register(Instance("a", "a", ("msgpack://127.0.0.1:1",)))
    with pytest.raises(InvalidArgument, match="not among the required"):
        await anext(original.watch("unheard.of"))
    await original.register(grading_at("http://127.0.0.1:2"))
    with pytest.raises(FailedPrecondition, match="another service"):
        await original.register(Instance("other", "x", ("http://127.0.0.1:2",)))
    await original.aclose()
