"""From a URL to a connection, and from the name of a service to whoever serves it."""

import asyncio

import pytest

from kitfox import Service, fail_after, rpc
from kitfox.app import UnknownScheme, connect, dial, schemes
from kitfox.app._connect import wire_of
from kitfox.core import Unauthenticated, Unavailable
from kitfox.net import HTTPClient
from kitfox.registry import Instance
from kitfox.services.registry import Settings, build
from kitfox.transports.http import HTTP


class Who(Service, name="acme.v1.Who"):
    def __init__(self, name):
        self.name = name

    @rpc
    async def name_of(self) -> str:
        return self.name


async def test_a_url_names_the_wire():
    async with (
        fail_after(10),
        HTTP().listen(Who("ada").routes()) as url,
        connect(url) as connection,
    ):
        assert await Who.client(connection).name_of() == "ada"


async def test_a_token_is_shown_with_every_call():
    async with fail_after(10), HTTP(token="s3cret").listen(Who("ada").routes()) as url:
        async with connect(url, token="s3cret") as connection:
            assert await Who.client(connection).name_of() == "ada"
        async with connect(url) as connection:
            with pytest.raises(Unauthenticated):
                await Who.client(connection).name_of()


async def test_the_name_of_a_service_is_whoever_serves_it():
    async with (
        fail_after(10),
        build(Settings()) as service,
        HTTP().listen(service.routes()) as registry,
        HTTP().listen(Who("ada").routes()) as url,
        connect("kitfox://acme.v1.Who", registry=registry) as connection,
    ):
        who = Who.client(connection)
        with pytest.raises(Unavailable, match=r"no instance of acme\.v1\.Who is known"):
            await who.name_of()
        await service.register(Instance("acme.v1.Who", "ada", ("gopher://ada", url)))
        while True:
            try:
                assert await who.name_of() == "ada"
            except Unavailable:
                await asyncio.sleep(0)
                continue
            break


@pytest.mark.parametrize("url", ["kitfox://", "kitfox:users", "kitfox://users/get", "kitfox://a?b"])
async def test_a_service_is_named_by_its_name_alone(url):
    with pytest.raises(ValueError, match="expected kitfox:// and the name of a service"):
        async with connect(url):
            pass


@pytest.mark.parametrize("url", ["ftp://x", "x", "", "http://", "http://a b/"])
async def test_what_is_no_url_of_a_known_wire_is_not_dialled(url):
    async with HTTPClient() as client:
        with pytest.raises(ValueError, match=r"URL|expected"):
            dial(url, client)


def test_a_wire_whose_extra_is_missing_says_what_to_install():
    assert "grpc" not in schemes(installed=lambda _: None)
    assert "rpc" in schemes(installed=lambda _: None)
    with pytest.raises(UnknownScheme, match=r"pip install 'kitfox\[grpc\]'"):
        wire_of("grpc", installed=lambda _: None)
