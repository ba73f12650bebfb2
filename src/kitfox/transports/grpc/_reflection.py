"""What a server offers, told to whoever asks: `grpc.reflection.v1`, and the `v1alpha` before it.

Both speak the same messages, which are the old one's here.
"""

from collections.abc import AsyncIterable, Callable, Collection
from typing import cast

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha.reflection_pb2 import (  # type: ignore[import-untyped]  # has a .pyi
    DESCRIPTOR as _OLD_FILE,
    ServerReflectionRequest as Request,
    ServerReflectionResponse as Response,
)
from msgspec import DecodeError as NoMessage

from kitfox.codecs import Decoder, Encoder
from kitfox.core import Call, Kind, Method, Routes
from kitfox.transports.grpc._catalogue import Catalogue

NAMES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
METHOD = "ServerReflectionInfo"

_OLD, _NEW = "grpc.reflection.v1alpha", "grpc.reflection.v1"

_NOT_FOUND = 5


class Reflection:
    """Answers questions about `services` from the files in `catalogue`."""

    def __init__(self, services: Collection[str], catalogue: Catalogue) -> None:
        self._services = sorted(services)
        self._catalogue = catalogue
        self._answers: dict[str, Callable[[Request, Response], None]] = {
            "list_services": self._list,
            "file_by_filename": self._file,
            "file_containing_symbol": self._symbol,
            "file_containing_extension": self._extension,
            "all_extension_numbers_of_type": self._numbers,
        }

    def routes(self) -> Routes:
        """Return its one method, under both names."""
        return {
            Method(name, METHOD, Kind.BIDI_STREAM, Request, Response): self._converse
            for name in NAMES
        }

    async def _converse(self, call: Call, requests: object) -> None:
        async for request in cast("AsyncIterable[Request]", requests):
            await call.send(self._answer(request))

    def _answer(self, request: Request) -> Response:
        response = Response(valid_host=request.host, original_request=request)
        question = request.WhichOneof("message_request") or "such question"
        try:
            self._answers[question](request, response)
        except KeyError as error:
            response.error_response.error_code = _NOT_FOUND
            response.error_response.error_message = f"there is no {error.args[0]}"
        return response

    def _list(self, _: Request, response: Response) -> None:
        for name in self._services:
            response.list_services_response.service.add(name=name)

    def _file(self, request: Request, response: Response) -> None:
        self._give(response, self._catalogue.file(request.file_by_filename))

    def _symbol(self, request: Request, response: Response) -> None:
        self._give(response, self._catalogue.symbol(request.file_containing_symbol))

    def _extension(self, request: Request, response: Response) -> None:
        asked = request.file_containing_extension
        found = self._catalogue.extension(asked.containing_type, asked.extension_number)
        self._give(response, found)

    def _numbers(self, request: Request, response: Response) -> None:
        name = request.all_extension_numbers_of_type
        numbers = response.all_extension_numbers_response
        numbers.extension_number.extend(self._catalogue.extension_numbers(name))
        numbers.base_type_name = name

    def _give(self, response: Response, files: list[bytes]) -> None:
        response.file_descriptor_response.file_descriptor_proto.extend(files)


def descriptor() -> FileDescriptorProto:
    """Return the file that describes `v1`: that of `v1alpha`, which has come into the pool."""
    made = FileDescriptorProto.FromString(_OLD_FILE.serialized_pb)
    made.name, made.package = "grpc/reflection/v1/reflection.proto", _NEW
    for field in (field for message in made.message_type for field in message.field):
        if field.type_name:
            field.type_name = field.type_name.replace(_OLD, _NEW)
    for method in made.service[0].method:
        method.input_type = method.input_type.replace(_OLD, _NEW)
        method.output_type = method.output_type.replace(_OLD, _NEW)
    return made


class ReflectionMessages:
    """Writes and reads the messages of reflection."""

    def encoder(self, message: type, /) -> Encoder:
        """Return what writes them."""
        return lambda value: cast("Request | Response", value).SerializeToString()

    def decoder(self, message: type, /) -> Decoder:
        """Return what reads those of one type."""
        kind = cast("type[Request | Response]", message)

        def decode(body: bytes) -> object:
            try:
                return kind.FromString(body)
            except DecodeError as error:
                raise NoMessage(str(error)) from None

        return decode
