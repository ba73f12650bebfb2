"""What a server tells about itself to whoever may call it, on every wire."""

from collections.abc import Iterable
from functools import cached_property

import msgspec

from kitfox.core import Method, Service, rpc
from kitfox.schema._description import describe


class Reflection(Service, name="kitfox.v1.Reflection"):
    """Tells what a server offers. `methods` are what it tells of; itself is not among them."""

    def __init__(self, methods: Iterable[Method] = ()) -> None:
        self._methods = tuple(methods)

    @rpc(idempotent=True)
    async def describe(self) -> str:
        """Return the description of all methods, a JSON Schema document, as text."""
        return self._document

    @cached_property
    def _document(self) -> str:
        return msgspec.json.encode(describe(self._methods)).decode()
