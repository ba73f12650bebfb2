"""The files that describe a server's services, fetched from it one by one when they are needed."""

from collections.abc import Awaitable, Callable

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha.reflection_pb2 import (  # type: ignore[import-untyped]  # has a .pyi
    ServerReflectionRequest as Request,
    ServerReflectionResponse as Response,
)

from kitfox.core import Internal

# Nobody's services are spread over more files.
_MOST_FILES = 2000


class Fetched:
    """A pool of the files that `ask` has brought so far."""

    def __init__(self, ask: Callable[[Request], Awaitable[Response]]) -> None:
        self._ask = ask
        self._waiting: dict[str, FileDescriptorProto] = {}
        self._known: set[str] = set()
        self.pool = DescriptorPool()

    async def service(self, name: str) -> ServiceDescriptor:
        """Return a service.

        Raises:
            NotFound: the server has none of this name.
            Internal: its files make no sense.
        """
        try:
            return self.pool.FindServiceByName(name)
        except KeyError:
            pass
        await self._fetch(Request(file_containing_symbol=name))
        await self._settle()
        try:
            return self.pool.FindServiceByName(name)
        except KeyError:
            raise Internal(f"the server's files do not describe its service {name}") from None

    async def _fetch(self, request: Request) -> None:
        answer = await self._ask(request)
        try:
            for text in answer.file_descriptor_response.file_descriptor_proto:
                file = FileDescriptorProto.FromString(text)
                if file.name not in self._known:
                    self._waiting[file.name] = file
        except DecodeError as error:
            raise Internal(f"the server's reflection sent no file: {error}") from None
        if len(self._waiting) + len(self._known) > _MOST_FILES:
            raise Internal(f"the server's services are spread over more than {_MOST_FILES} files")

    async def _settle(self) -> None:
        """Add the files that wait to the pool, those first that others refer to."""
        while self._waiting:
            ready = [
                file for file in self._waiting.values() if self._known.issuperset(_needs(file))
            ]
            for file in ready:
                self._add(file)
            if not ready:
                await self._fetch_missing()

    async def _fetch_missing(self) -> None:
        needed = {name for file in self._waiting.values() for name in _needs(file)}
        missing = sorted(needed - self._known - set(self._waiting))
        if not missing:
            raise Internal("the server's files refer to each other in a circle")
        for name in missing:
            await self._fetch(Request(file_by_filename=name))
            if name not in self._waiting:
                raise Internal(f"the server does not tell its file {name}")

    def _add(self, file: FileDescriptorProto) -> None:
        del self._waiting[file.name]
        self._known.add(file.name)
        try:
            self.pool.AddSerializedFile(file.SerializeToString())
        except TypeError as error:
            raise Internal(f"the server's file {file.name} makes no sense: {error}") from None


def _needs(file: FileDescriptorProto) -> list[str]:
    return list(file.dependency)
