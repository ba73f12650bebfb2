"""Messages as MessagePack (msgpack.org)."""

import msgspec

from kitfox.codecs._codec import Decoder


class MessagePack:
    """MessagePack by msgspec: strict types, unknown fields ignored, dates as the timestamp type."""

    name = "msgpack"
    content_type = "application/msgpack"

    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder().encode

    def decoder(self, message: type) -> Decoder:
        """Return what reads messages of one type."""
        return msgspec.msgpack.Decoder(message).decode
