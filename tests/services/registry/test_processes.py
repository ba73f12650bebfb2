"""Real processes over real HTTP: killed, stopped, restarted, and one that knows no kitfox."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest

from kitfox.net import HTTPClient
from kitfox.registry import HTTPRegistrar, HTTPResolver, Instance
from kitfox.scope import fail_after
from kitfox.services.registry import RegistryService, Settings
from kitfox.transports.http import HTTP, HTTPConnection

LONG = 60.0  # a lease that cannot be what ends an instance here

PROVIDER = """
import asyncio, sys
from kitfox.app import Server
from kitfox.core import Service, rpc
from kitfox.registry import HTTPRegistrar
from kitfox.transports.http import HTTP, HTTPConnection

class Echo(Service, name="acme.v1.Echo"):
    @rpc
    async def echo(self, text: str) -> str:
        return text

async def main(registry, ttl):
    async with HTTPConnection(registry) as connection:
        registrar = HTTPRegistrar(connection, ttl=float(ttl))
        server = Server(Echo(), listeners=[HTTP()], registrar=registrar, notice=0.0)
        await server.run()

asyncio.run(main(*sys.argv[1:]))
"""

REGISTRY = """
import asyncio, sys
from kitfox.app import Server
from kitfox.services.registry import Settings, build
from kitfox.transports.http import HTTP

async def main(address, database):
    service = build(Settings(database=database))
    await Server(service, listeners=[HTTP(address, fallback=service.asgi())]).run()

asyncio.run(main(*sys.argv[1:]))
"""

STDLIB_SERVICE = """
import json, sys, threading, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

providers = []

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(providers).encode() if self.path == "/providers" else b""
        self.answer(200, body)

    def do_POST(self):
        patch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        providers.extend(patch["Added"] or [])
        for provider in patch["Removed"] or []:
            providers.remove(provider)
        self.answer(200)

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://localhost:{server.server_port}"
registration = {
    "ServiceName": "StudentService",
    "ServiceURL": url,
    "RequiredServices": ["acme.v1.Echo"],
    "ServiceUpdateURL": f"{url}/services",
    "HeartbeatURL": f"{url}/heartbeat",
}
request = urllib.request.Request(sys.argv[1] + "/services", json.dumps(registration).encode())
print(urllib.request.urlopen(request).status, flush=True)
threading.Event().wait()
"""


@asynccontextmanager
async def process(script: str, *args: str):
    """Run a script; it is killed at the end, if it still runs."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, *args, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            os.kill(running.pid, signal.SIGCONT)
            running.kill()
        await running.wait()
        running._transport.close()  # noqa: SLF001 - its pipe, which has no other handle


@pytest.fixture
async def registry_url(quick):
    """A registry in this process."""
    async with (
        RegistryService(quick) as service,
        HTTP(fallback=service.asgi()).listen(service.routes()) as url,
    ):
        yield url


@pytest.fixture
async def resolver(registry_url):
    async with HTTPConnection(registry_url) as connection:
        resolver = HTTPResolver(connection)
        yield resolver
        await resolver.aclose()


async def next_of_size(sets, size: int) -> frozenset[Instance]:
    async with fail_after(20):
        while len(instances := await anext(sets)) != size:
            pass
    return instances


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_a_provider_that_ends_is_gone_long_before_its_lease(registry_url, resolver, ending):
    async with (
        aclosing(resolver.watch("acme.v1.Echo")) as sets,
        process(PROVIDER, registry_url, str(LONG)) as provider,
    ):
        await next_of_size(sets, 1)
        provider.send_signal(ending)
        await next_of_size(sets, 0)


async def test_a_provider_that_hangs_is_gone_when_its_lease_ends_and_back_when_it_goes_on(
    registry_url, resolver
):
    async with (
        aclosing(resolver.watch("acme.v1.Echo")) as sets,
        process(PROVIDER, registry_url, "1.0") as provider,
    ):
        (before,) = await next_of_size(sets, 1)
        provider.send_signal(signal.SIGSTOP)
        await next_of_size(sets, 0)
        provider.send_signal(signal.SIGCONT)
        assert await next_of_size(sets, 1) == {before}


async def test_a_killed_provider_leaves_the_other_alone(registry_url, resolver):
    async with (
        aclosing(resolver.watch("acme.v1.Echo")) as sets,
        process(PROVIDER, registry_url, str(LONG)) as first,
        process(PROVIDER, registry_url, str(LONG)),
    ):
        both = await next_of_size(sets, 2)
        first.kill()
        assert await next_of_size(sets, 1) < both


async def test_a_registry_that_is_killed_and_restarted_finds_everybody_again(tmp_path, until):
    database = str(tmp_path / "registry.db")
    async with RegistryService(Settings()) as reserved, HTTP().listen(reserved.routes()) as url:
        address = url.removeprefix("http://")
    ada = Instance("users", "ada", ("http://127.0.0.1:1",))
    async with HTTPConnection(url) as connection:
        registrar, resolver = HTTPRegistrar(connection), HTTPResolver(connection)
        await registrar.register(ada)
        async with aclosing(resolver.watch("users")) as sets:
            assert await anext(sets) == frozenset()
            for _ in range(2):
                async with process(REGISTRY, address, database):
                    await until(lambda: registrar.registered(ada))
                    await until(lambda: resolver.state("users").fresh)
                await until(lambda: not registrar.registered(ada))
                await until(lambda: not resolver.state("users").fresh)
            assert await next_of_size(sets, 1) == {ada}
        await resolver.aclose()
        await registrar.aclose()


async def test_a_service_of_the_standard_library_registers_is_patched_is_called_and_dies(
    registry_url, resolver, until
):
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(HTTPClient())
        provider = await stack.enter_async_context(process(PROVIDER, registry_url, str(LONG)))
        echoes = await stack.enter_async_context(aclosing(resolver.watch("acme.v1.Echo")))
        (echo,) = await next_of_size(echoes, 1)
        student = await stack.enter_async_context(process(STDLIB_SERVICE, registry_url))
        async with fail_after(20):
            assert await student.stdout.readline() == b"200\n"
        students = await stack.enter_async_context(aclosing(resolver.watch("StudentService")))
        (instance,) = await next_of_size(students, 1)
        providers = f"{instance.addresses[0]}/providers"

        async def knows(body: bytes) -> bool:
            return (await http.request("GET", providers)).body == body

        told = f'[{{"Name": "acme.v1.Echo", "URL": "{echo.addresses[0]}"}}]'.encode()
        assert await knows(told)
        provider.kill()
        await until(lambda: knows(b"[]"))
        student.kill()
        await next_of_size(students, 0)
