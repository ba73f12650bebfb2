"""Messages as JSON (RFC 8259)."""

import msgspec

from kitfox.codecs._codec import Decoder


class JSON:
    """JSON by msgspec: strict types, unknown fields ignored, bytes as base64, dates as RFC 3339."""

    name = "json"
    content_type = "application/json"

    def __init__(self) -> None:
        self.encode = msgspec.json.Encoder().encode

    def decoder(self, message: type) -> Decoder:
        """Return what reads messages of one type."""
        return msgspec.json.Decoder(message).decode
