"""Messages as JSON (RFC 8259)."""

import msgspec

from kitfox.codecs._codec import Decoder


class JSON:
    """JSON by msgspec: unknown fields ignored, bytes as base64, dates as RFC 3339.

    Without `strict`, texts that read as numbers or truth values are taken for these.
    """

    name = "json"
    content_type = "application/json"

    def __init__(self, *, strict: bool = True) -> None:
        self._strict = strict
        self.encode = msgspec.json.Encoder().encode

    def decoder(self, message: type) -> Decoder:
        """Return what reads messages of one type."""
        return msgspec.json.Decoder(message, strict=self._strict).decode
