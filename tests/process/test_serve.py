"""The composition root: services that find each other through a registry of either kind."""

import asyncio
import json
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kitfox.app import Config, WiringError, load
from kitfox.core import Service, Through, Unauthenticated, Unavailable, rpc
from kitfox.net import HTTPClient
from kitfox.process._running import running
from kitfox.registry import Registry, bearer
from kitfox.scope import fail_after
from kitfox.services.logs import Logs, Query
from kitfox.transports.http import HTTPConnection

# What is imported into this process has names of its own.
SHOP = """
from kitfox.core import Connection
from kitfox.net import ASGIApp, HTTPClient, Site, SiteReply
from kitfox.transports.http import HTTPConnection
from plain_shop_of_serve import Front as PlainFront, Stock

class Front(PlainFront):
    def asgi(self) -> ASGIApp:
        return Site({"GET /": self._page})

    async def _page(self, request) -> SiteReply:
        return SiteReply(200, b"welcome")

class StockElsewhere(Stock):
    dialled = []

    @staticmethod
    def dial(url: str, client: HTTPClient) -> Connection:
        StockElsewhere.dialled.append(url)
        return HTTPConnection(url, client=client)

def front(stock: StockElsewhere) -> Front:
    return Front(stock)
"""


class Front(Service, name="shop.v1.Front"):
    """What a caller knows of the front."""

    @rpc
    async def show(self, id: int) -> str:
        raise NotImplementedError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    shutil.copy(Path(__file__).parents[1] / "cli" / "shop.py", tmp_path / "plain_shop_of_serve.py")
    (tmp_path / "shop_of_serve.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(
    folder: Path, registry: str = "", front: str = "shop_of_serve:Front", **environ: str
) -> Config:
    system = f'registry = "{registry}"' if registry else ""
    text = f"""
    [system]
    {system}
    names = {{ "shop.v1.Stock" = "StockService" }}
    [service.registry]
    run = "kitfox.services.registry:build"
    notice = "0s"
    [service.logs]
    run = "kitfox.services.logs:LogService"
    notice = "0s"
    [service.stock]
    run = "shop_of_serve:Stock"
    notice = "0s"
    [service.front]
    run = "{front}"
    notice = "0s"
    """
    return load(text, environ, {}, folder / "kitfox.toml")


@asynccontextmanager
async def system(folder: Path, kind: str = "", front: str = "shop_of_serve:Front", *more: str):
    """Run a registry, then the others in this process; gives the addresses by name."""
    async with AsyncExitStack() as stack:
        registry, *_ = await stack.enter_async_context(running(config(folder), "registry"))
        found = {"registry": registry}
        joined = config(folder, kind + registry, front)
        for name in (*more, "front", "stock"):
            found[name], *_ = await stack.enter_async_context(running(joined, name))
        yield found


async def shown(address: str) -> str:
    """Ask the front until it knows the stock, which has started after it."""
    async with HTTPConnection(address) as connection:
        front = Front.client(connection)
        while True:
            try:
                return await front.show(3)
            except Unavailable:
                continue


@pytest.mark.parametrize("kind", ["", "original+"])
async def test_services_find_each_other_in_any_order_of_start(folder: Path, kind: str):
    async with fail_after(20), system(folder, kind) as found:
        assert await shown(found["front"]) == "item 3"


async def test_the_original_knows_services_by_its_own_names(folder: Path):
    async with fail_after(20), system(folder, "original+") as found, HTTPClient() as client:
        listed = (await client.request("GET", f"{found['registry']}/services")).body
        heart = await client.request("GET", f"{found['stock']}/heartbeat")
    urls = {one["Name"]: one["URL"] for one in json.loads(listed)}
    assert urls == {"StockService": found["stock"], "shop.v1.Front": found["front"]}
    assert heart.status == 200


async def test_a_site_stands_beside_the_methods(folder: Path):
    async with fail_after(20), system(folder, "original+") as found, HTTPClient() as client:
        assert (await client.request("GET", f"{found['front']}/")).body == b"welcome"


async def test_a_contract_may_know_its_own_way_to_be_reached(folder: Path):
    async with fail_after(20), system(folder, front="shop_of_serve:front") as found:
        assert await shown(found["front"]) == "item 3"
        from shop_of_serve import StockElsewhere

        assert StockElsewhere.dialled == [found["stock"]]


async def entries(address: str) -> AsyncIterator[str]:
    async with HTTPConnection(address) as connection:
        for one in (await Logs.client(connection).query(Query())).entries:
            yield f"{one.service}: {one.message}"


@pytest.mark.parametrize("kind", ["", "original+"])
async def test_what_a_process_logs_is_shipped_by_the_time_it_ends(folder: Path, kind: str):
    async with fail_after(20), AsyncExitStack() as stack:
        registry, *_ = await stack.enter_async_context(running(config(folder), "registry"))
        joined = config(folder, kind + registry)
        logs, *_ = await stack.enter_async_context(running(joined, "logs"))
        async with running(joined, "stock"):
            logging.getLogger("shop").warning("the shelves are empty")
        (said,) = [one async for one in entries(logs) if "shelves" in one]
    assert said.startswith("stock: ")
    assert said.endswith("the shelves are empty")


LOCKED = {
    "KITFOX_SYSTEM__TOKEN": "sesame",
    "KITFOX_SERVICE__LOGS__LISTEN": "http://0.0.0.0:0",
    "KITFOX_SERVICE__LOGS__ADVERTISE": "127.0.0.1",
}


async def test_who_ships_its_log_shows_the_systems_token_to_registry_and_log_service(folder: Path):
    async with fail_after(20), AsyncExitStack() as stack:
        locked = config(folder, **LOCKED)
        registry, *_ = await stack.enter_async_context(running(locked, "registry"))
        joined = config(folder, registry, **LOCKED)
        logs, *_ = await stack.enter_async_context(running(joined, "logs"))
        async with running(joined, "stock"):
            logging.getLogger("shop").warning("the shelves are empty")
        connection = await stack.enter_async_context(HTTPConnection(logs))
        with pytest.raises(Unauthenticated):
            await Logs.client(connection).query(Query())
        page = await Logs.client(Through(connection, bearer("sesame"))).query(Query())
    assert [one.service for one in page.entries if "shelves" in one.message] == ["stock"]


async def test_a_registry_may_have_a_token_of_its_own(folder: Path):
    own = {"KITFOX_SERVICE__REGISTRY__SETTINGS__TOKEN": "another"}
    async with fail_after(20), AsyncExitStack() as stack:
        url, *_ = await stack.enter_async_context(
            running(config(folder, **LOCKED, **own), "registry")
        )
        connection = await stack.enter_async_context(HTTPConnection(url))
        assert await Registry.client(Through(connection, bearer("another"))).services() == ()
        with pytest.raises(Unauthenticated):
            await Registry.client(Through(connection, bearer("sesame"))).services()


async def test_a_setting_that_nobody_asks_for_is_refused(folder: Path):
    typo = config(folder, KITFOX_SERVICE__LOGS__SETTINGS__DIRECTRY="x")
    with pytest.raises(WiringError, match=r'settings\.directry: unknown key; did you mean "direc'):
        async with running(typo, "logs"):
            pass
    with pytest.raises(WiringError, match=r"settings\.x: unknown key; it takes none"):
        async with running(config(folder, KITFOX_SERVICE__STOCK__SETTINGS__X="x"), "stock"):
            pass


async def test_a_need_without_a_registry_is_refused_in_words(folder: Path):
    with pytest.raises(WiringError, match=r"it needs shop\.v1\.Stock; say where"):
        async with running(config(folder), "front"):
            pass


OPEN = {
    "KITFOX_SERVICE__STOCK__LISTEN": "http://0.0.0.0:0",
    "KITFOX_SERVICE__STOCK__ADVERTISE": "127.0.0.1",
}


async def test_where_other_machines_reach_it_a_service_asks_for_the_systems_token(folder: Path):
    async with fail_after(20), AsyncExitStack() as stack:
        registry, *_ = await stack.enter_async_context(running(config(folder), "registry"))
        joined = config(folder, registry, KITFOX_SYSTEM__TOKEN="sesame", **OPEN)
        (stock,) = await stack.enter_async_context(running(joined, "stock"))
        front, *_ = await stack.enter_async_context(running(joined, "front"))
        assert await shown(front) == "item 3", "the front shows the token"
        async with HTTPClient() as client:
            refused = await client.request("GET", f"{stock}/openapi.json")
        assert refused.status == 401


async def test_where_other_machines_reach_it_a_service_without_token_must_be_public(folder: Path):
    with pytest.raises(WiringError, match="other machines can reach"):
        async with running(config(folder, **OPEN), "stock"):
            pass
    public = config(folder, **OPEN, KITFOX_SERVICE__STOCK__PUBLIC="true")
    async with fail_after(20), running(public, "stock") as (stock, *_), HTTPClient() as client:
        assert (await client.request("GET", f"{stock}/openapi.json")).status == 200


async def status(address: str, host: str) -> int:
    """Ask for the page of methods under a name, as a browser might know this server."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(f"GET /docs HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
    line = await reader.readline()
    await reader.read()
    writer.close()
    return int(line.split()[1])


@pytest.mark.parametrize(
    ("keys", "answer"),
    [("", 421), ('hosts = ["shop.example"]', 200), ("public = true", 200)],
)
async def test_a_service_answers_to_the_names_in_its_configuration(
    folder: Path, keys: str, answer: int
):
    text = f'[service.stock]\nrun = "shop_of_serve:Stock"\n{keys}\n'
    at_hand = load(text, {}, {}, folder / "kitfox.toml")
    async with fail_after(20), running(at_hand, "stock") as (address, *_):
        assert await status(address, "shop.example") == answer
        assert await status(address, "localhost") == 200
