"""Whether services are there, as orchestrators and gRPC clients ask: `grpc.health.v1.Health`."""

import asyncio
from collections.abc import AsyncIterator, Collection
from enum import IntEnum

import msgspec
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1.health_pb2 import DESCRIPTOR  # type: ignore[import-untyped]  # has a .pyi

from kitfox.core import NotFound, Service, rpc


class ServingStatus(IntEnum):
    """What is known of a service."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


class HealthCheckResponse(msgspec.Struct, frozen=True):
    """What is known of the service that was asked about."""

    status: ServingStatus


class Health(Service, name="grpc.health.v1.Health"):
    """Tells of `services`, and of the server itself, whose name is empty.

    What is served is well: a server that stops takes no calls, and ends those of who watches.
    """

    def __init__(self, services: Collection[str] = ()) -> None:
        self._services = {"", *services}

    @rpc
    async def check(self, service: str = "") -> HealthCheckResponse:
        """Tell how a service is; NOT_FOUND when it is not here."""
        if service not in self._services:
            raise NotFound(f"there is no service {service}")
        return HealthCheckResponse(ServingStatus.SERVING)

    @rpc
    async def watch(self, service: str = "") -> AsyncIterator[HealthCheckResponse]:
        """Tell how a service is; nothing changes while the server runs."""
        known = service in self._services
        status = ServingStatus.SERVING if known else ServingStatus.SERVICE_UNKNOWN
        yield HealthCheckResponse(status)
        await asyncio.Event().wait()


def descriptor() -> FileDescriptorProto:
    """Return the file that describes it, in the words that everybody knows."""
    return FileDescriptorProto.FromString(DESCRIPTOR.serialized_pb)
