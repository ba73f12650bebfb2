"""Which processes let their breakers be seen and switched, and by whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kitfox.app import Config, Control, load
from kitfox.cli._exit import Exit
from kitfox.cli._serve import running
from kitfox.core import Service, Through, Unauthenticated, Unimplemented, rpc
from kitfox.registry import bearer
from kitfox.scope import fail_after
from kitfox.transports.http import HTTPConnection

DESK = """
from kitfox.core import Service, rpc

class Desk(Service, name="acme.v1.Desk"):
    @rpc
    async def look(self) -> int:
        return 1
"""


class Desk(Service, name="acme.v1.Desk"):
    """What a caller knows of the desk."""

    @rpc
    async def look(self) -> int:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "desk_with_breakers.py").write_text(DESK)
    monkeypatch.syspath_prepend(tmp_path)


def config(folder: Path, more: str = "", token: str = ""):
    listen = 'listen = "http://127.0.0.1:0"'
    text = f'[service.desk]\nrun = "desk_with_breakers:Desk"\n{listen}\n{more}'
    return load(text, {}, {"system.token": token} if token else {}, folder / "kitfox.toml")


@asynccontextmanager
async def served(config: Config) -> AsyncIterator[HTTPConnection]:
    async with running(config, "desk") as (url,), HTTPConnection(url) as connection:
        yield connection


async def test_a_process_that_strangers_cannot_reach_lets_itself_be_controlled(tmp_path: Path):
    async with fail_after(20), served(config(tmp_path)) as connection:
        assert await Control.client(connection).breakers() == ()


@pytest.mark.parametrize("more", ["public = true", 'hosts = ["desk.example"]'])
async def test_a_process_that_strangers_may_reach_asks_for_the_token(tmp_path: Path, more: str):
    async with fail_after(20), served(config(tmp_path, more, "sesame")) as connection:
        assert await Desk.client(connection).look() == 1
        with pytest.raises(Unauthenticated):
            await Control.client(connection).breakers()
        shown = Through(connection, bearer("sesame"))
        assert await Control.client(shown).breakers() == ()


@pytest.mark.parametrize("more", ["public = true", 'hosts = ["desk.example"]'])
async def test_without_a_token_nobody_controls_a_process_that_strangers_may_reach(
    tmp_path: Path, more: str
):
    async with fail_after(20), served(config(tmp_path, more)) as connection:
        assert await Desk.client(connection).look() == 1
        with pytest.raises(Unimplemented):
            await Control.client(connection).breakers()


def test_one_place_is_named_and_not_two(kitfox):
    result = kitfox("breaker", "list", "front", "--address", "http://127.0.0.1:9")
    assert result.stderr == "Error: expected front or --address, not both\n"
    assert result.exit_code == Exit.USAGE


@pytest.mark.parametrize("words", [("list",), ("open", "acme.v1.Desk")])
def test_when_nobody_answers_each_is_named_with_the_reason(kitfox, words: tuple[str, ...]):
    result = kitfox("breaker", *words, "--address", "http://127.0.0.1:9")
    assert result.stderr.startswith(
        "Error: no instance answered\n  http://127.0.0.1:9: unavailable: cannot connect"
    )
    assert (result.exit_code, result.stdout) == (Exit.UNHEALTHY, "")
