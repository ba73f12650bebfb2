"""Messages as bytes: JSON and MessagePack."""

from kitfox.codecs._codec import (
    Codec as Codec,
    Decoder as Decoder,
    Encoder as Encoder,
    invalid as invalid,
    reply_decoder as reply_decoder,
    request_decoder as request_decoder,
)
from kitfox.codecs._coded import (
    sendable_details as sendable_details,
    serving_bytes as serving_bytes,
)
from kitfox.codecs._json import JSON as JSON
from kitfox.codecs._msgpack import MessagePack as MessagePack

__all__ = [
    "JSON",
    "Codec",
    "Decoder",
    "Encoder",
    "MessagePack",
    "invalid",
    "reply_decoder",
    "request_decoder",
    "sendable_details",
    "serving_bytes",
]
