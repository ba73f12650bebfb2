"""Answers in a Valkey or Redis server, for processes on many machines; needs the extra `redis`.

Each step is one script, which the server runs as a whole, and by its own clock. A script that is
run twice, because a client sent it again, does no more than one that is run once.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kitfox.core import Unavailable
from kitfox.idempotency._answers import Record
from kitfox.scope import fail_after

_CLAIM: Final = """
local found = redis.call('HMGET', KEYS[1], 'fingerprint', 'owner', 'answer')
if found[1] and (found[3] or found[2] ~= ARGV[2]) then
  return {found[1], found[3]}
end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'owner', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {}
"""
_KEEP: Final = """
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'answer', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
"""
_RELEASE: Final = """
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] and
    redis.call('HEXISTS', KEYS[1], 'answer') == 0 then
  redis.call('DEL', KEYS[1])
end
"""


class RedisAnswers:
    """Keeps answers with a client of the store, whose owner closes it.

    `name` keeps them apart from others there. The store has `patience` seconds to answer. How much
    it holds, and whether a crash loses it, is for its own configuration to say: without
    `appendfsync always`, a claim may be forgotten, and its call done twice.

    Raises:
        ValueError: the client makes texts of what it reads; answers are bytes.
    """

    def __init__(self, client: Redis, *, name: str = "default", patience: float = 1.0) -> None:
        if client.connection_pool.connection_kwargs.get("decode_responses"):
            msg = "answers are bytes: make the client without decode_responses"
            raise ValueError(msg)
        self._prefix = f"kitfox:answer:{name}:".encode()
        self._patience = patience
        self._claim = _script(client, _CLAIM)
        self._keep = _script(client, _KEEP)
        self._release = _script(client, _RELEASE)

    async def claim(
        self, key: bytes, fingerprint: bytes, owner: bytes, *, seconds: float
    ) -> Record | None:
        """Claim a free key, or return what is known of it."""
        found = await self._run(self._claim, key, fingerprint, owner, _milliseconds(seconds))
        return Record(*cast("tuple[bytes, bytes | None]", tuple(found))) if found else None

    async def keep(self, key: bytes, owner: bytes, answer: bytes, *, seconds: float) -> None:
        """Keep an answer."""
        await self._run(self._keep, key, owner, answer, _milliseconds(seconds))

    async def release(self, key: bytes, owner: bytes) -> None:
        """Free the key, if it is still the owner's."""
        await self._run(self._release, key, owner)

    async def _run(self, script: "_Script", key: bytes, *values: bytes | int) -> Sequence[object]:
        try:
            async with fail_after(self._patience):
                return cast("Sequence[object]", await script([self._prefix + key], values))
        except (RedisError, OSError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise Unavailable(f"the store of answers cannot be asked: {why}") from error


_Script = Callable[[Sequence[bytes], Sequence[bytes | int]], Awaitable[object]]


def _script(client: Redis, text: str) -> _Script:
    return cast("_Script", client.register_script(text))


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
