"""The RPC benchmark's peer: grpcio's asyncio stack, and the message as protoc would make it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from grpc import aio

from benchmarks._rpc_record import FIELDS

# grpcio and protobuf tell no types, or wrong ones.
_grpc: Final[Any] = grpc
_aio: Final[Any] = aio
_Field: Final[Any] = descriptor_pb2.FieldDescriptorProto

_SERVICE, _METHOD = "bench.Records", "Echo"
_TYPES = {
    "id": _Field.TYPE_INT64,
    "name": _Field.TYPE_STRING,
    "email": _Field.TYPE_STRING,
    "born": _Field.TYPE_INT64,
    "active": _Field.TYPE_BOOL,
    "tags": _Field.TYPE_STRING,
    "note": _Field.TYPE_STRING,
}


def _message() -> type[Message]:
    """Return the class of records."""
    file = descriptor_pb2.FileDescriptorProto(name="bench.proto", package="bench", syntax="proto3")
    message = file.message_type.add(name="Record")
    for number, (name, kind) in enumerate(_TYPES.items(), start=1):
        label = _Field.LABEL_REPEATED if name == "tags" else _Field.LABEL_OPTIONAL
        message.field.add(name=name, number=number, type=kind, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Record"))


async def serve(port: int) -> None:
    """Give back each record that comes, until cancelled."""
    message = _message()

    async def echo(record: Message, _: object) -> Message:
        return message(**{name: getattr(record, name) for name in _TYPES})

    handler = _grpc.unary_unary_rpc_method_handler(
        echo,
        request_deserializer=message.FromString,
        response_serializer=message.SerializeToString,
    )
    server = _aio.server()
    handlers = _grpc.method_handlers_generic_handler(_SERVICE, {_METHOD: handler})
    server.add_generic_rpc_handlers((handlers,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


@asynccontextmanager
async def client(port: int) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Yield what makes one call."""
    message = _message()
    record = message(**FIELDS)
    async with _aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        echo = channel.unary_unary(
            f"/{_SERVICE}/{_METHOD}",
            request_serializer=message.SerializeToString,
            response_deserializer=message.FromString,
        )
        yield lambda: echo(record)
