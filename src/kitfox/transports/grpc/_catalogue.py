"""The files that describe services: ours, made from the types, and those of generated code."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto

T = TypeVar("T")


class Catalogue:
    """Finds files, each with all that it refers to. What is not there raises KeyError.

    `own` are looked at first; generated code has put its own into protobuf's default pool.
    """

    def __init__(self, own: Iterable[FileDescriptorProto] = ()) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        self._pools = (self._pool, descriptor_pool.Default())
        for file in own:
            self._add(file)

    def _add(self, file: FileDescriptorProto) -> None:
        for name in file.dependency:
            self._add_known(name)
        self._pool.AddSerializedFile(file.SerializeToString())

    def _add_known(self, name: str) -> None:
        """Add one of protobuf's own files: a pool looks for what it needs nowhere else."""
        known = descriptor_pool.Default().FindFileByName(name)
        self._pool.AddSerializedFile(known.serialized_pb)

    def file(self, name: str) -> list[bytes]:
        """Return the file of a name."""
        return _whole(self._first(name, lambda pool: pool.FindFileByName(name)))

    def symbol(self, name: str) -> list[bytes]:
        """Return the file that defines a service, a method, a message or another symbol."""
        return _whole(self._first(name, lambda pool: pool.FindFileContainingSymbol(name)))

    def extension(self, message: str, number: int) -> list[bytes]:
        """Return the file that extends a message by a field of this number."""
        what = f"extension {number} of {message}"

        def find(pool: Any) -> FileDescriptor:  # noqa: ANN401 - its stubs lack the method
            found = pool.FindExtensionByNumber(pool.FindMessageTypeByName(message), number)
            return cast("FileDescriptor", found.file)

        return _whole(self._first(what, find))

    def extension_numbers(self, message: str) -> list[int]:
        """Return the numbers of a message's known extensions."""

        def find(pool: Any) -> list[int]:  # noqa: ANN401 - as above
            found = pool.FindAllExtensions(pool.FindMessageTypeByName(message))
            return sorted(each.number for each in found)

        return self._first(message, find)

    def _first(self, what: str, find: Callable[[Any], T]) -> T:
        for pool in self._pools:
            try:
                return find(pool)
            except KeyError:
                continue
        raise KeyError(what)


def _whole(file: FileDescriptor) -> list[bytes]:
    """Return a file and those that it refers to, each once."""
    found: dict[str, bytes] = {}

    def collect(each: FileDescriptor) -> None:
        found[each.name] = each.serialized_pb
        for needed in each.dependencies:
            if needed.name not in found:
                collect(needed)

    collect(file)
    return list(found.values())
