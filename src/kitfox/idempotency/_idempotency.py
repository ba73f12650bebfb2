"""Calls that are done once, however often they are made.

What becomes of a call with a key:

| the key | the call |
|---|---|
| is free | runs, and what comes of it is kept |
| has an answer to the same request | gets that answer, an error too |
| is that of a call that still runs | ABORTED, over HTTP 409 |
| was given to another request | INVALID_ARGUMENT, over HTTP 422 |
| is missing where it is required, or malformed | INVALID_ARGUMENT, over HTTP 400 |

What becomes of the key when its call ends:

- A reply is kept, and so is an error: to try again means to take another key.
- An error that says that nothing was done, and that another time may be better, frees it.
- If nobody knows what was done (the caller left, the deadline came, the process was killed), the
  key stays that of a running call until its lease is over. No call runs longer than that.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from hashlib import blake2b
from secrets import token_bytes
from typing import Final

import msgspec

from kitfox.codecs import Decoder, MessagePack, reply_decoder, sendable_details
from kitfox.core import (
    Aborted,
    Call,
    Code,
    Endpoint,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    Kind,
    Method,
    Middleware,
    RPCError,
    method_of,
    within_deadline,
)
from kitfox.idempotency._answers import Answers, Record
from kitfox.idempotency._key import KEY, key_of, place_of
from kitfox.scope import Deadline, earliest

_log = logging.getLogger("kitfox.idempotency")

_DAY: Final = 86_400.0
_LONGEST: Final = 1024 * 1024  # bytes of an answer

_NOTHING_DONE: Final = frozenset(
    {
        Code.UNAVAILABLE,
        Code.ABORTED,
        Code.RESOURCE_EXHAUSTED,
        Code.UNAUTHENTICATED,
        Code.PERMISSION_DENIED,
    }
)
_WHO_KNOWS: Final = frozenset({Code.DEADLINE_EXCEEDED, Code.CANCELLED})


def idempotency(
    answers: Answers,
    *,
    required: Iterable[Callable[..., object]] = (),
    keep: float = _DAY,
    lease: float = 60.0,
    caller: Callable[[Call], str] = lambda call: call.identity,
) -> Middleware:
    """Return a server's middleware that does a call once for each `idempotency-key` in metadata.

    It is for unary methods that are not idempotent by themselves; others pass. Of the methods
    `required`, given as in `[Payments.charge]`, calls without a key are refused. Answers are kept
    for `keep` seconds, and a call may run for `lease` seconds. Each `caller` has its keys for
    itself; those whom nobody knows share theirs, so they should draw them. Put it behind
    `authenticate`, and behind whatever limits calls.

    Raises:
        TypeError: what is required is no method.
        ValueError: it streams.
    """
    asked = frozenset(map(method_of, required))
    if streams := sorted(method.path for method in asked if method.kind is not Kind.UNARY):
        msg = f"required: {', '.join(streams)} streams, and an answer is one reply"
        raise ValueError(msg)

    def wrap(endpoint: Endpoint) -> Endpoint:
        once = _Once(endpoint, answers, keep=keep, lease=lease)

        def call_once(call: Call, message: object) -> Awaitable[object]:
            method = call.method
            if method not in asked and (method.kind is not Kind.UNARY or method.idempotent):
                return endpoint(call, message)
            if (key := key_of(call)) is not None:
                return once.run(place_of(caller(call), key), call, message)
            if method in asked:
                raise _wrong("missing", f"{method.path} asks for metadata {KEY!r}")
            return endpoint(call, message)

        return call_once

    return wrap


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What came of a call."""

    reply: bytes = b""
    code: int = 0
    message: str = ""
    details: dict[str, object] = {}
    metadata: dict[str, str] = {}


class _Once:
    """Runs calls through an endpoint, each key's once."""

    def __init__(self, endpoint: Endpoint, answers: Answers, *, keep: float, lease: float) -> None:
        self._endpoint = endpoint
        self._answers = answers
        self._keep = keep
        self._lease = lease
        self._codec = MessagePack()
        self._decoders: dict[Method, Decoder] = {}

    async def run(self, key: bytes, call: Call, message: object) -> object:
        """Run the call, or answer it with what came of it before."""
        asked, owner = _fingerprint(call, message), token_bytes(16)
        end = Deadline.after(self._lease)  # before the claim's, which begins later
        record = await self._answers.claim(key, asked, owner, seconds=self._lease)
        if record is not None:
            return self._again(record, asked, call)
        try:
            call.deadline = earliest(call.deadline, end)
            reply = await within_deadline(self._endpoint, call, message)
        except RPCError as error:
            await self._failed(key, owner, call, error)
            raise
        except Exception:
            await self._failed(key, owner, call, Internal("internal error"))
            raise
        kept = _Kept(self._codec.encode(reply), metadata=call.plain_reply_metadata())
        await self._remember(key, owner, kept)
        return reply

    def _again(self, record: Record, asked: bytes, call: Call) -> object:
        """Return or raise what the first call did."""
        if record.fingerprint != asked:
            raise _wrong("reused", f"this {KEY!r} was given to another request")
        if record.answer is None:
            details: Mapping[str, object] = {"reason": "idempotency_key_in_use", "retry_after": 1.0}
            raise Aborted("the first call with this idempotency key still runs", details=details)
        kept = msgspec.msgpack.decode(record.answer, type=_Kept)
        call.reply_metadata.update(kept.metadata)
        call.reply_metadata["idempotency-replayed"] = "true"
        if kept.code:
            raise RPCError.of(Code(kept.code), kept.message, kept.details)
        return self._decoder(call.method)(kept.reply)

    async def _failed(self, key: bytes, owner: bytes, call: Call, error: RPCError) -> None:
        if error.code in _WHO_KNOWS:
            return
        if error.code in _NOTHING_DONE:
            await self._release(key, owner)
            return
        details = dict(sendable_details(error, self._codec))
        metadata = call.plain_reply_metadata()
        kept = _Kept(b"", error.code.value, error.message, details, metadata)
        await self._remember(key, owner, kept)

    async def _remember(self, key: bytes, owner: bytes, kept: _Kept) -> None:
        """Keep what came of a call. It is done: what the store has to say changes nothing."""
        answer = msgspec.msgpack.encode(kept)
        if len(answer) > _LONGEST:
            error = FailedPrecondition("this was done, but its reply was too long to be kept")
            answer = msgspec.msgpack.encode(_Kept(b"", error.code.value, error.message))
        try:
            await self._answers.keep(key, owner, answer, seconds=self._keep)
        except RPCError as error:
            _log.error("an answer could not be kept, so its call may be done again: %s", error)

    async def _release(self, key: bytes, owner: bytes) -> None:
        try:
            await self._answers.release(key, owner)
        except RPCError as error:
            _log.warning("a key could not be freed, and will be when its lease is over: %s", error)

    def _decoder(self, method: Method) -> Decoder:
        if (decoder := self._decoders.get(method)) is None:
            decoder = self._decoders[method] = reply_decoder(self._codec, method.reply)
        return decoder


def _fingerprint(call: Call, message: object) -> bytes:
    """Return what tells one request from another: its method and its message."""
    body = msgspec.msgpack.encode(message, order="deterministic")
    return blake2b(call.method.path.encode() + b"\0" + body, digest_size=32).digest()


def _wrong(reason: str, text: str) -> InvalidArgument:
    details = {"reason": f"idempotency_key_{reason}", "field": KEY}
    return InvalidArgument(text, details=details)
