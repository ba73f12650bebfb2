"""A system whose members show each other certificates, by configuration alone."""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme

from kitfox.app import Config, ConfigError, WiringError, load
from kitfox.cli._exit import Exit
from kitfox.core import RPCError, Service, Unavailable, rpc
from kitfox.net import TLS, TLSError
from kitfox.process._foreground import run_in_foreground
from kitfox.process._running import running
from kitfox.scope import fail_after
from kitfox.transports.http import HTTPConnection

SHOP = """
from kitfox.core import Service, current_call, rpc

class Stock(Service, name="tls.v1.Stock"):
    @rpc
    async def who(self) -> str:
        return current_call().identity

class Front(Service, name="tls.v1.Front"):
    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    @rpc
    async def ask(self) -> str:
        return await self._stock.who()
"""

CONFIG = """
[system]
registry = "{registry}"

[system.tls]
ca = "ca.pem"
certificate = "system.pem"

[service.registry]
run = "kitfox.services.registry:build"
notice = "0s"
listen = "https://127.0.0.1:0"

[service.stock]
run = "shop_with_tls:Stock"
notice = "0s"
listen = {listen}
tls = {{ certificate = "stock.pem", ca = "ca.pem", client_ca = "ca.pem" }}

[service.front]
run = "shop_with_tls:Front"
notice = "0s"
tls = {{ certificate = "front.pem", ca = "ca.pem" }}
"""


class Front(Service, name="tls.v1.Front"):
    """What a caller knows of the front."""

    @rpc
    async def ask(self) -> str:
        raise NotImplementedError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    """A folder with the code, and with certificates of this machine, each with its own name."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    for name in ("system", "stock", "front"):
        issued = authority.issue_cert(f"{name}.example", "127.0.0.1")
        issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / f"{name}.pem")
    (tmp_path / "shop_with_tls.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(folder: Path, registry: str = "", listen: str = '["rpcs://127.0.0.1:0"]') -> Config:
    text = CONFIG.format(registry=registry, listen=listen).replace('registry = ""\n', "")
    (folder / "kitfox.toml").write_text(text)
    return load(text, {}, {}, folder / "kitfox.toml")


async def answer(address: str) -> str:
    """Ask the front until it knows the stock."""
    async with HTTPConnection(address) as connection:
        while True:
            try:
                return await Front.client(connection).ask()
            except Unavailable:
                continue


@pytest.mark.parametrize("listen", [f"{wire}://127.0.0.1:0" for wire in ("rpcs", "https", "grpcs")])
async def test_who_is_called_knows_the_caller_by_its_certificate(folder: Path, listen: str):
    async with fail_after(20), AsyncExitStack() as stack:
        registry, *_ = await stack.enter_async_context(running(config(folder), "registry"))
        assert registry.startswith("https://")
        joined = config(folder, registry, f'["{listen}"]')
        (stock,) = await stack.enter_async_context(running(joined, "stock"))
        assert stock.partition(":")[0] == listen.partition(":")[0]
        front, *_ = await stack.enter_async_context(running(joined, "front"))
        assert await answer(front) == "front.example"


async def test_commands_use_the_certificates_of_the_system(folder: Path):
    async with fail_after(30), AsyncExitStack() as stack:
        registry, *_ = await stack.enter_async_context(running(config(folder), "registry"))
        joined = config(folder, registry)
        await stack.enter_async_context(running(joined, "stock"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kitfox", "call", "stock.who"),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert await process.communicate() == (b"system.example\n", b"")
        assert process.returncode == Exit.OK


async def test_a_client_without_a_certificate_is_let_in_by_no_server_that_asks(folder: Path):
    at_hand = config(folder, listen='["https://127.0.0.1:0"]')
    async with fail_after(20), running(at_hand, "stock") as (stock,):
        trusting = TLS(ca=folder / "ca.pem")
        async with HTTPConnection(stock, tls=trusting) as connection:
            with pytest.raises(RPCError):
                await Front.client(connection).ask()


async def test_certificates_guard_no_wire_that_does_not_show_them(folder: Path):
    for scheme in ("http", "rpc"):
        at_hand = config(folder, listen=f'["{scheme}://0.0.0.0:0"]')
        with pytest.raises(WiringError, match="other machines can reach"):
            async with running(at_hand, "stock"):
                pass


async def test_certificates_guard_what_other_machines_reach_as_well_as_a_token(folder: Path):
    at_hand = config(folder, listen='["rpcs://0.0.0.0:0"]')
    async with fail_after(20), running(at_hand, "stock") as (stock,):
        assert stock.startswith("rpcs://0.0.0.0:")


async def test_a_scheme_with_tls_needs_a_certificate(folder: Path):
    text = '[service.stock]\nrun = "shop_with_tls:Stock"\nlisten = "https://127.0.0.1:0"\n'
    with pytest.raises(WiringError, match=r"https://127.0.0.1:0 shows a certificate: name its"):
        async with running(load(text, {}, {}, folder / "kitfox.toml"), "stock"):
            pass


async def test_a_file_of_no_use_is_named_with_its_service(folder: Path):
    (folder / "stock.pem").unlink()
    at_hand = config(folder)
    with pytest.raises(TLSError, match=r"certificate .*stock\.pem: cannot be read: No such file"):
        async with running(at_hand, "stock"):
            pass


def test_a_file_of_no_use_is_a_mistake_in_the_configuration(folder: Path):
    (folder / "stock.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"service\.stock: certificate .*: holds no certificate"):
        run_in_foreground(lambda: config(folder), "stock", {})
