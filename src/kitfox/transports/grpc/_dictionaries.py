"""Messages as plain dicts, by what a server says of them."""

from base64 import b64encode
from typing import Any, cast

from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from msgspec import DecodeError as NoMessage

from kitfox.codecs import Decoder, Encoder
from kitfox.core import NotFound

_WELL_KNOWN = "google.protobuf."


class Dictionaries:
    """Writes a method's requests and reads its replies; other types than these do not count.

    What is read is what protobuf's JSON says, but for whole numbers, which are numbers.

    Raises:
        NotFound: the service has no such method.
    """

    def __init__(self, service: ServiceDescriptor, method: str, pool: DescriptorPool) -> None:
        found = service.methods_by_name.get(method)
        if found is None:
            raise NotFound(f"{service.full_name} has no method {method}")
        self._method = found
        self._pool = pool

    def encoder(self, _: type, /) -> Encoder:
        """Return what writes requests."""
        make = message_factory.GetMessageClass(self._method.input_type)

        def encode(value: object) -> bytes:
            try:
                made = json_format.ParseDict(cast("Any", value), make(), descriptor_pool=self._pool)
            except json_format.ParseError as error:
                raise TypeError(str(error).partition("\n")[0]) from None
            return made.SerializeToString()

        return encode

    def decoder(self, _: type, /) -> Decoder:
        """Return what reads replies."""
        make = message_factory.GetMessageClass(self._method.output_type)

        def decode(body: bytes) -> object:
            try:
                return self._plain(make.FromString(body))
            except (DecodeError, json_format.Error, TypeError) as error:
                raise NoMessage(str(error)) from None

        return decode

    def _plain(self, message: Message) -> object:
        if message.DESCRIPTOR.full_name.startswith(_WELL_KNOWN):
            return self._json(message)
        return {
            field.name: self._value(field, getattr(message, field.name))
            for field in cast("Descriptor", message.DESCRIPTOR).fields
            if not field.has_presence or message.HasField(field.name)
        }

    def _json(self, message: Message) -> object:
        return json_format.MessageToDict(message, descriptor_pool=self._pool)

    def _value(self, field: FieldDescriptor, value: Any) -> object:  # noqa: ANN401 - as it comes
        if is_map(field):
            of = cast("Descriptor", field.message_type).fields_by_name["value"]
            return {str(key): self._one(of, each) for key, each in value.items()}
        if field.is_repeated:
            return [self._one(field, each) for each in value]
        return self._one(field, value)

    def _one(self, field: FieldDescriptor, value: Any) -> object:  # noqa: ANN401 - as it comes
        if field.message_type is not None:
            return self._plain(value)
        if field.enum_type is not None:
            known = field.enum_type.values_by_number.get(value)
            return value if known is None else known.name
        return b64encode(value).decode() if isinstance(value, bytes) else value


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map, which protobuf sends as a list of entries."""
    message = field.message_type
    return message is not None and message.GetOptions().map_entry
