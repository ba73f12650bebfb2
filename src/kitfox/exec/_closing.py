"""Blocks that close what they were opened with."""

from types import TracebackType
from typing import Self


class Closing:
    """Something to `aclose`; leaving its block does so."""

    __slots__ = ()

    async def aclose(self) -> None:
        """Close it; a second time does nothing."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
