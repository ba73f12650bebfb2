"""One limit for many processes, kept by a Valkey or Redis server: `pip install 'kitfox[redis]'`.

Each decision is one script, which the server runs as a whole, by its own clock: processes need not
agree on the time, and no two of them take the same.

States: with the store → away (it failed, or did not answer in time) → with the store. While it is
away each process limits for itself, and one call in each `pause` asks whether it is back.
"""

import logging
from collections.abc import Callable
from typing import Final, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from kitfox.core import Closing
from kitfox.resilience._gcra import GCRA
from kitfox.resilience._keyed import Keyed
from kitfox.resilience._limiter import Decision, LocalLimiter
from kitfox.resilience._sliding_window import SlidingWindow
from kitfox.scope import fail_after

_log = logging.getLogger("kitfox.limits")

_CONNECTIONS: Final = 4  # it is this process, not the way there, that limits how many are asked
_MICROSECONDS: Final = 1e6

# Times are in microseconds. What they keep disappears when it says nothing any more.
_GCRA: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, window, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) - now, 0)
local with_these = ahead + n * interval
if with_these > window + interval * 1e-6 then
  return {0, tostring(ahead)}
end
local done = string.format('%.1f', now + with_these)
redis.call('SET', KEYS[1], done, 'PX', math.ceil(with_these / 1000) + 1)
return {1, tostring(with_these)}
"""

_WINDOW: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local per, limit, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local present = math.floor(now / per)
local part = now / per - present
local kept = redis.call('HMGET', KEYS[1], 'window', 'count', 'before')
local window = tonumber(kept[1] or -1)
local count, before = tonumber(kept[2] or 0), tonumber(kept[3] or 0)
if present > window then
  before = present == window + 1 and count or 0
  window, count = present, 0
end
local allowed = count + before * (1 - part) + n <= limit + 1e-9
if allowed then
  count = count + n
  redis.call('HSET', KEYS[1], 'window', window, 'count', count, 'before', before)
  redis.call('PEXPIRE', KEYS[1], math.ceil(2 * per / 1000))
end
return {allowed and 1 or 0, tostring(count), tostring(before), tostring(part)}
"""


class SharedLimiter(Closing):
    """Limits each key as `make` would, together with every process that has the same store.

    `store` is a URL (`redis://`, `rediss://`, `unix://`), or a client of one's own, whose owner
    closes it. `name` keeps this limit apart from others there. The store has `patience` seconds to
    answer; when it does not, `alone` decides, or what `make` makes for each key: n processes then
    allow up to n times as much. After `pause` seconds the store is asked again.
    """

    def __init__(
        self,
        store: str | Redis,
        make: Callable[[], GCRA] | Callable[[], SlidingWindow],
        *,
        name: str = "default",
        patience: float = 0.25,
        pause: float = 1.0,
        alone: LocalLimiter | None = None,
    ) -> None:
        self._own = _connected(store) if isinstance(store, str) else None
        client = store if isinstance(store, Redis) else cast("Redis", self._own)
        self._policy = _kept(make())
        self._script = client.register_script(self._policy.script)
        self._prefix = f"kitfox:limit:{name}:{self._policy.kind}:"
        self._alone = alone or Keyed(make)
        self._patience = patience
        self._pause = pause
        self._away = False
        self._ask_again = 0.0

    @property
    def away(self) -> bool:
        """Whether this process limits for itself, because the store does not answer."""
        return self._away

    async def take(self, key: str, n: float, now: float, /) -> Decision:
        """Take `n` for `key`, if that is allowed; `now` is the loop's time, in seconds."""
        if self._away:
            if now < self._ask_again:
                return self._alone.take(key, n, now)
            self._ask_again = now + self._pause  # the others need not ask
        arguments = [*self._policy.arguments, n]
        try:
            async with fail_after(self._patience):
                answer = await self._script(keys=[self._prefix + key], args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error, now)
            return self._alone.take(key, n, now)
        self._found()
        allowed, *state = cast("list[float]", answer)
        return self._policy.decision([float(part) for part in state], n, allowed=bool(allowed))

    async def aclose(self) -> None:
        """Close the connections, if they are its own."""
        if self._own is not None:
            await self._own.aclose()

    def _lost(self, error: Exception, now: float) -> None:
        if not self._away:
            why = str(error) or type(error).__name__
            _log.warning("the store of limits is away, each process limits for itself: %s", why)
        self._away, self._ask_again = True, now + self._pause

    def _found(self) -> None:
        if self._away:
            _log.info("the store of limits is back")
        self._away = False


class _KeptGCRA:
    """GCRA, as its script keeps it."""

    script, kind = _GCRA, "gcra"

    def __init__(self, policy: GCRA) -> None:
        self._policy = policy
        self.arguments = [policy.interval * _MICROSECONDS, policy.window * _MICROSECONDS]

    def decision(self, state: list[float], n: float, *, allowed: bool) -> Decision:
        return self._policy.decision(state[0] / _MICROSECONDS, n, allowed=allowed)


class _KeptWindow:
    """A sliding window, as its script keeps it."""

    script, kind = _WINDOW, "window"

    def __init__(self, policy: SlidingWindow) -> None:
        self._policy = policy
        self.arguments = [policy.per * _MICROSECONDS, policy.limit]

    def decision(self, state: list[float], n: float, *, allowed: bool) -> Decision:
        count, before, part = state
        return self._policy.decision(count, before, part, n, allowed=allowed)


def _kept(policy: GCRA | SlidingWindow) -> _KeptGCRA | _KeptWindow:
    return _KeptGCRA(policy) if isinstance(policy, GCRA) else _KeptWindow(policy)


def _connected(url: str) -> Redis:
    """Return a client that sends each command once, and on no connection the server has closed.

    It looks for that only where it speaks RESP2: with RESP3 it might be told of maintenance. And by
    default it sends again what may have been run already.
    """
    never = Retry(NoBackoff(), 0)
    options = {"max_connections": _CONNECTIONS, "timeout": None, "retry": never, "protocol": 2}
    pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  bare kwargs
        url, **options
    )
    return Redis.from_pool(pool)
