"""A service and its typed client in one file: `python examples/hello.py`."""

import asyncio

from kitfox import Service, rpc
from kitfox.app import Server
from kitfox.transports.http import HTTP, HTTPConnection


class Greeter(Service, name="hello.v1.Greeter"):
    """Greets whoever calls."""

    @rpc(idempotent=True)
    async def greet(self, name: str) -> str:
        """Return a greeting."""
        return f"Hello, {name}!"


async def main() -> None:
    """Serve on a free port, and call over it."""
    async with (
        Server(Greeter(), listeners=[HTTP(":0")]).running() as (address,),
        HTTPConnection(address) as connection,
    ):
        greeter = Greeter.client(connection, timeout=2.0)  # is a Greeter
        print(await greeter.greet("world"))


if __name__ == "__main__":
    asyncio.run(main())
