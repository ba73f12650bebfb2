"""A service that asks who calls, in a system: its members are known, strangers are not."""

from contextlib import AsyncExitStack

import pytest

from kitfox.app import Chains, WiringError, connect, load
from kitfox.core import PermissionDenied, RPCError, Service, Unauthenticated, Unavailable, rpc
from kitfox.process._running import running
from kitfox.process._together import running_together
from kitfox.scope import fail_after

SHOP = """
from kitfox.core import Service, rpc

class Till(Service, name="auth.v1.Till"):
    @rpc(scopes=["till.write"])
    async def take(self, coins: int) -> int:
        return coins

class Front(Service, name="auth.v1.Front"):
    def __init__(self, till: Till) -> None:
        self._till = till

    @rpc
    async def buy(self, coins: int) -> int:
        return await self._till.take(coins)
"""

AUTH = """
[service.till.auth]
tokens = { ada = "of-ada", bob = "of-bob" }
scopes = { ada = ["till.write"], system = ["till.write"] }
"""


class Front(Service, name="auth.v1.Front"):
    @rpc
    async def buy(self, coins: int) -> int:
        raise NotImplementedError


class Till(Service, name="auth.v1.Till"):
    @rpc
    async def take(self, coins: int) -> int:
        raise NotImplementedError


@pytest.fixture
def read(tmp_path, monkeypatch):
    """`read(registry, auth)`: a system whose front calls its till, over each wire in turn."""
    (tmp_path / "shop_of_auth.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)

    def made(registry="", auth=AUTH, wire="rpc"):
        joins = f'registry = "{registry}"' if registry else ""
        text = f"""
        [system]
        token = "of-the-system"
        logs = false
        {joins}
        [service.registry]
        run = "kitfox.services.registry:build"
        notice = "0s"
        [service.till]
        run = "shop_of_auth:Till"
        notice = "0s"
        listen = ["{wire}://127.0.0.1:0", "http://127.0.0.1:0"]
        [service.front]
        run = "shop_of_auth:Front"
        notice = "0s"
        needs = ["till"]
        {auth}
        """
        return load(text, {}, {}, tmp_path / "kitfox.toml")

    return made


async def bought(address):
    """Buy until the front knows the till."""
    async with connect(address) as connection:
        while True:
            try:
                return await Front.client(connection).buy(3)
            except Unavailable:
                continue


async def refusal(address, token):
    """Return how a caller with a token is refused; "" if it is not."""
    async with connect(address, token=token) as connection:
        try:
            await Till.client(connection).take(3)
        except (PermissionDenied, Unauthenticated) as error:
            return type(error).__name__
    return ""


@pytest.mark.parametrize("wire", ["http", "rpc", "ws"])
async def test_the_members_of_a_system_are_known_and_strangers_show_tokens(read, wire):
    async with fail_after(20), AsyncExitStack() as stack:
        registry, *_ = await stack.enter_async_context(running(read(), "registry"))
        config = read(registry, wire=wire)
        till = await stack.enter_async_context(running(config, "till"))
        front, *_ = await stack.enter_async_context(running(config, "front"))
        assert await bought(front) == 3
        http = next(address for address in till if address.startswith("http:"))
        assert await refusal(http, "of-ada") == ""
        assert await refusal(http, "of-bob") == "PermissionDenied"
        assert await refusal(http, "") == await refusal(http, "of-eve") == "Unauthenticated"


async def test_in_one_process_they_are_known_as_well(read):
    config = read()
    async with fail_after(20), running_together(config, Chains()) as addresses:
        fronts = [address for address in addresses if address.startswith("http:")]
        answers = [await front_of(address) for address in fronts]
        assert 3 in answers


async def front_of(address):
    """Buy at an address; None when it is not the front's."""
    async with connect(address, token="of-the-system") as connection:
        try:
            return await Front.client(connection).buy(3)
        except RPCError:
            return None


async def test_a_service_that_asks_for_scopes_does_not_start_without_a_way_to_have_them(read):
    with pytest.raises(WiringError, match=r"\[service\.NAME\.auth\]"):
        async with running(read(auth=""), "till"):
            pass
