"""A stock gRPC servicer beside kitfox: `python examples/mounted/servicer_beside_kitfox.py`.

One port answers both, and reflection and health tell of both. The servicer's code is made of its
.proto, here while the program starts; usually it lies beside it, made by protoc.
"""

import asyncio
from functools import partial
from typing import Protocol

import grpc
from grpc import aio

from kitfox import Service, rpc
from kitfox.app import Server
from kitfox.transports.grpc import GRPC, GRPCConnection

messages, services = grpc.protos_and_services("greeter.proto")  # found on sys.path


class Named(Protocol):
    """What the servicer knows of a GreetRequest."""

    name: str


class Greeter:
    """Somebody's servicer."""

    async def Greet(self, request: Named, context: object) -> object:  # noqa: N802 - the .proto's
        """Return a greeting."""
        return messages.GreetReply(text=f"Hello, {request.name}!")


class Counter(Service, name="mounted.v1.Counter"):
    """Ours."""

    @rpc(idempotent=True)
    async def letters(self, text: str) -> int:
        """Count letters."""
        return len(text)


async def main() -> None:
    """Serve both on a free port, and call both."""
    listener = GRPC(":0", configure=partial(services.add_GreeterServicer_to_server, Greeter()))
    async with (
        Server(Counter(), listeners=[listener], notice=0.0).running() as (url,),
        GRPCConnection(url) as connection,
        aio.insecure_channel(url.removeprefix("grpc://")) as channel,
    ):
        reply = await services.GreeterStub(channel).Greet(messages.GreetRequest(name="Ada"))
        print(f"the servicer says {reply.text}")
        print(f"kitfox counts {await Counter.client(connection).letters(reply.text)}")


if __name__ == "__main__":
    asyncio.run(main())
