"""A service with a method of each kind, and a call of each: wires and policies are tried on it."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable

from kitfox import Kind, Service, rpc


class Sums(Service, name="laws.Sums"):
    """Adds numbers up."""

    @rpc(idempotent=True)
    async def add(self, a: int, b: int = 1) -> int:
        """Return the sum of two numbers."""
        return a + b

    @rpc(idempotent=True)
    async def count(self, to: int) -> AsyncIterator[int]:
        """Count from nought."""
        for number in range(to):
            yield number

    @rpc
    async def total(self, numbers: AsyncIterator[int]) -> int:
        """Return the sum of all."""
        return sum([number async for number in numbers])

    @rpc
    async def totals(self, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        """Tell the sum so far, after each number."""
        total = 0
        async for number in numbers:
            total += number
            yield total

    @rpc
    async def first(self, numbers: AsyncIterator[int]) -> int:
        """Return the first number, and hear no other."""
        async for number in numbers:
            return number
        return -1


async def stream_of(*items: int) -> AsyncIterator[int]:
    """Give these."""
    for item in items:
        yield item


async def collect(stream: AsyncIterable[object]) -> list[object]:
    """Read it to its end."""
    return [item async for item in stream]


# A call of each kind, and its answer.
CALLS: dict[Kind, tuple[Callable[[Sums], Awaitable[object]], object]] = {
    Kind.UNARY: (lambda sums: sums.add(2, b=3), 5),
    Kind.SERVER_STREAM: (lambda sums: collect(sums.count(3)), [0, 1, 2]),
    Kind.CLIENT_STREAM: (lambda sums: sums.total(stream_of(1, 2, 3)), 6),
    Kind.BIDI_STREAM: (lambda sums: collect(sums.totals(stream_of(1, 2, 3))), [1, 3, 6]),
}
