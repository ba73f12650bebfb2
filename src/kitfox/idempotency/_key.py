"""The key that a caller gives a call, so that it is done once however often it is made.

The header is `Idempotency-Key` of draft-ietf-httpapi-idempotency-key-header: a string of RFC 9651,
in quotes. Many clients leave the quotes away, so a key may stand without them.
"""

import re
from hashlib import blake2b
from typing import Final

from kitfox.core import Call, InvalidArgument

KEY: Final = "idempotency-key"

_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_BARE = re.compile(r'[^"\\\s,;]+')
_ESCAPED = re.compile(r"\\(.)")
_LONGEST: Final = 255


def key_of(call: Call) -> str | None:
    """Return the key that a call has, or None.

    Raises:
        InvalidArgument: what stands there is no key.
    """
    if (text := call.metadata.get(KEY)) is None:
        return None
    if quoted := _QUOTED.fullmatch(text):
        key = _ESCAPED.sub(r"\1", quoted[1])
    else:
        key = text if _BARE.fullmatch(text) else ""
    if not 0 < len(key) <= _LONGEST:
        problem = f'expected a string in quotes, as "8e03978e-40d5", of 1 to {_LONGEST} characters'
        details = {"reason": "idempotency_key_malformed", "field": KEY}
        raise InvalidArgument(f"metadata {KEY}: {problem}", details=details)
    return key


def place_of(caller: str, key: str) -> bytes:
    """Return where the answer is kept: each caller has its keys for itself."""
    name = caller.encode("utf-8", "surrogatepass")
    return blake2b(
        len(name).to_bytes(8, "big") + name + key.encode("utf-8", "surrogatepass"), digest_size=32
    ).digest()
