"""The messages of a method as bytes, and what wrong ones are called."""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from kitfox.codecs import Decoder, Encoder, invalid
from kitfox.core import Internal, Method, ResourceExhausted
from kitfox.schema.protobuf import ProtobufMessages, proto_files

Complaint = Callable[[Exception], Exception]


class Messages(Protocol):
    """What makes bytes of some types' messages, and messages of bytes."""

    def encoder(self, message: type, /) -> Encoder:
        """Return what writes messages of one type; it raises TypeError for what is none."""
        ...

    def decoder(self, message: type, /) -> Decoder:
        """Return what reads messages of one type; it raises msgspec.DecodeError."""
        ...


def messages_of(methods: Iterable[Method]) -> dict[Method, Messages]:
    """Return what knows the messages of each method; those of one package are made together."""
    files = proto_files(methods)
    made = [(file, ProtobufMessages(file)) for file in files]
    return {each.method: messages for file, messages in made for each in file.methods}


def reader(decode: Decoder, complain: Complaint) -> Decoder:
    """Return what reads messages; `complain` says what to raise for what is none."""

    def read(body: bytes) -> object:
        try:
            return decode(body)
        except msgspec.DecodeError as error:
            raise complain(error) from None

    return read


def bad_reply(method: Method) -> Complaint:
    """Return what to say of a server's wrong reply: it is the server's fault."""
    name = method.reply.__name__
    return lambda error: Internal(f"the peer's reply is not a {name}: {error}")


def writer(encode: Encoder, limit: int) -> Encoder:
    """Return what writes messages, none of them longer than `limit`."""

    def write(message: object) -> bytes:
        body = encode(message)
        if len(body) > limit:
            text = f"a message of {len(body)} bytes; the limit is {limit}"
            raise ResourceExhausted(text)
        return body

    return write


def request_writer(encode: Encoder) -> Encoder:
    """Return what writes requests; it names the field at fault as a server would."""

    def write(message: object) -> bytes:
        try:
            return encode(message)
        except TypeError as error:
            raise invalid(error) from None

    return write
