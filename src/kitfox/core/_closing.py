"""What is closed by `aclose`, or by leaving its block."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Something that holds sockets or tasks: `async with` it, or `aclose` it."""

    async def __aenter__(self) -> Self:
        """Return the thing itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.aclose()

    @abstractmethod
    async def aclose(self) -> None:
        """Close it; what is under way ends. A second time does nothing."""
