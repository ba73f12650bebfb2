"""Which processes let their breakers be seen and switched, and by whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kitfox.app import Config, Control, load
from kitfox.cli._controls import breakers
from kitfox.cli._exit import Exit, Failed
from kitfox.cli._options import Where
from kitfox.core import Service, Through, Unauthenticated, Unimplemented, rpc
from kitfox.process import running
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
    monkeypatch.chdir(tmp_path)
    (tmp_path / "desk_with_breakers.py").write_text(DESK)
    monkeypatch.syspath_prepend(tmp_path)


def config(folder: Path, more: str = "", token: str = ""):
    listen = 'listen = "http://127.0.0.1:0"'
    text = f"""
    [service.registry]
    run = "kitfox.services.registry:build"
    notice = "0s"
    {listen}
    [service.desk]
    run = "desk_with_breakers:Desk"
    notice = "0s"
    {listen}
    {more}
    """
    return load(text, {}, {"system.token": token} if token else {}, folder / "kitfox.toml")


@asynccontextmanager
async def served(config: Config, name: str = "desk") -> AsyncIterator[tuple[str, HTTPConnection]]:
    async with running(config, name) as (url,), HTTPConnection(url) as connection:
        yield url, connection


async def test_a_process_that_strangers_cannot_reach_lets_itself_be_controlled(tmp_path: Path):
    async with fail_after(20), served(config(tmp_path)) as (_, connection):
        assert await Control.client(connection).breakers() == ()


@pytest.mark.parametrize("more", ["public = true", 'hosts = ["desk.example"]'])
async def test_a_process_that_strangers_may_reach_asks_for_the_token(tmp_path: Path, more: str):
    async with fail_after(20), served(config(tmp_path, more, "sesame")) as (_, connection):
        assert await Desk.client(connection).look() == 1
        with pytest.raises(Unauthenticated):
            await Control.client(connection).breakers()
        shown = Through(connection, bearer("sesame"))
        assert await Control.client(shown).breakers() == ()


@pytest.mark.parametrize("more", ["public = true", 'hosts = ["desk.example"]'])
async def test_without_a_token_nobody_controls_a_process_that_strangers_may_reach(
    tmp_path: Path, more: str
):
    async with fail_after(20), served(config(tmp_path, more)) as (url, connection):
        assert await Desk.client(connection).look() == 1
        with pytest.raises(Unimplemented):
            await Control.client(connection).breakers()
        with pytest.raises(Failed, match=r"unimplemented: it does not let itself be controlled"):
            await breakers("", Where(None, url, None))


async def test_a_registry_which_strangers_may_reach_too_is_no_exception(tmp_path: Path):
    for token, refusal in (("", Unimplemented), ("sesame", Unauthenticated)):
        async with fail_after(20), served(config(tmp_path, token=token), "registry") as (_, there):
            with pytest.raises(refusal):
                await Control.client(there).breakers()


async def test_a_caller_that_a_service_knows_is_no_operator(tmp_path: Path):
    known = '[service.desk.auth]\ntokens = { ada = "of-ada" }'
    for token, refusal in (("", Unimplemented), ("sesame", Unauthenticated)):
        async with fail_after(20), served(config(tmp_path, known, token)) as (_, connection):
            ada = Through(connection, bearer("of-ada"))
            assert await Desk.client(ada).look() == 1
            with pytest.raises(refusal):
                await Control.client(ada).breakers()
            if token:
                operator = Through(connection, bearer(token))
                assert await Control.client(operator).breakers() == ()


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
