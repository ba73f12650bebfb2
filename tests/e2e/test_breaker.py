"""Breakers of processes that run, seen and switched by the command."""

import json
import signal

CONFIG = """
[system]
registry = "http://127.0.0.1:1"
token = "open sesame"
logs = false

[service.registry]
run = "kitfox.services.registry:build"
notice = "0s"
listen = "http://127.0.0.1:1"

[service.front]
run = "shop:Front"
notice = "0s"

[service.stock]
run = "shop:Stock"
notice = "0s"
"""

SHOP = """
from kitfox.core import Internal, Service, rpc


class Stock(Service, name="shop.v1.Stock"):
    @rpc
    async def get(self, id: int) -> str:
        if id > 9:
            raise Internal("broken")
        return f"item {id}"


class Front(Service, name="shop.v1.Front"):
    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    @rpc
    async def show(self, id: int) -> str:
        return await self._stock.get(id)
"""


class Shop:
    """The front and the stock, and the command beside them."""

    def __init__(self, system):
        self.system = system
        (system.folder / "shop.py").write_text(SHOP)

    async def show(self, id: int):
        """Ask the front, which asks the stock."""
        page = await self.system.call(f"{self.system.address('front')}/shop.v1.Front/Show", id=id)
        return page.status, json.loads(page.text)

    async def breaker(self, *words: str) -> tuple[int, list[str]]:
        """Run `kitfox breaker`; return the exit code and the lines."""
        command = await self.system.kitfox("breaker", *words)
        return await command.ended(), command.output.splitlines()

    async def row(self) -> list[str]:
        """What is listed of the one breaker that there is."""
        code, (_, row) = await self.breaker("list", "front")
        assert code == 0
        return row.split()


async def test_a_breaker_is_seen_opened_and_reset_while_its_process_runs(system, until):
    shop = Shop(system(CONFIG))
    await shop.system.up()

    async def found() -> bool:
        return (await shop.show(3))[0] == 200

    await until(found)
    assert [(await shop.show(10))[0] for _ in range(3)] == [500] * 3
    front, *cells = await shop.row()
    assert cells[:3] == ["shop.v1.Stock", "closed", "-"]
    assert (cells[4], cells[5]) == ("3", "0")

    opened = "shop.v1.Stock lets no call pass until it is reset: 1 instance"
    assert await shop.breaker("open", "stock") == (0, [opened])
    status, problem = await shop.show(3)
    assert (status, problem["details"]) == (503, {"reason": "breaker", "state": "open"})
    row = " ".join(await shop.row())
    assert row == f"{front} shop.v1.Stock open by hand 0 0 1"

    reset = "shop.v1.Stock decides by itself again: 1 instance"
    assert await shop.breaker("reset", "shop.v1.Stock", "--at", front) == (0, [reset])
    assert (await shop.show(3))[0] == 200

    unknown = 'Error: not found: no breaker "stok"; known here: shop.v1.Stock'
    assert await shop.breaker("open", "stok") == (3, [unknown])


async def test_who_does_not_answer_is_named_and_the_others_are_shown(system):
    shop = Shop(system(CONFIG))
    await shop.system.up()
    shop.system.send("stock", signal.SIGSTOP)
    try:
        code, lines = await shop.breaker("list")
        assert code == 0
        (late,) = [line for line in lines if line.startswith("stock-")]
        assert late.endswith(": no answer in time; --timeout gives it more")
        (shown,) = [line for line in lines if line.startswith("front-")]
        assert shown.split()[1:3] == ["shop.v1.Stock", "closed"]
        at = ("--address", shop.system.address("stock"))
        code, lines = await shop.breaker("list", *at, "--timeout", "0.5")
        assert (code, lines[0]) == (5, "Error: no instance answered")
    finally:
        shop.system.send("stock", signal.SIGCONT)
