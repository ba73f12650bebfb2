"""What stands beside messages, in a box of its own."""

from collections.abc import Mapping

import msgspec

from kitfox.multiplex import BadFrame

_decode = msgspec.msgpack.Decoder(dict[str, str]).decode


def read_metadata(encoded: bytes) -> Mapping[str, str]:
    """Return metadata out of its box; raise BadFrame for what is none."""
    try:
        return _decode(encoded)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFrame(f"a frame's metadata: {error}") from None
