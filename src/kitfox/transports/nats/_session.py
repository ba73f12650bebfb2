"""One connection to a NATS server, while it stands.

A session never reconnects, nor does its client. What was subscribed to, and what was not yet sent,
ends with it: a request that arrives after an outage would find its caller told that it failed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import cast

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, SlowConsumerError

from kitfox.scope import fail_after
from kitfox.transports.nats._message import Message
from kitfox.transports.nats._target import Target

_log = logging.getLogger("kitfox.nats")

Handler = Callable[[Message], None]
_Drain = Callable[[], Awaitable[None]]  # nats-py does not say

# So many bytes may wait to be handed to the socket before those who can wait do, and so long may
# the server take to answer when this side takes its leave, seconds.
_WAITING = 256 * 1024
_FLUSH_WITHIN = 2
_WRITTEN_SOON = 0.001
# A server that is silent is asked so often, seconds; the second question unanswered is the last.
_PING_INTERVAL = 5
_CONNECT_WITHIN = 2


class _Client(Client):
    """A client of nats-py that keeps two promises more.

    `secret`: nothing is said over a connection that is not encrypted, whatever the server asks for.

    A flush is of all that was published before. That of nats-py writes its PING past what still
    waits to be written, so that the PONG proves nothing; a drain, which waits for it too, would
    lose requests that are on their way.
    """

    def __init__(self, *, secret: bool) -> None:
        super().__init__()
        self._secret = secret

    async def flush(self, timeout: int = _FLUSH_WITHIN) -> None:  # noqa: ASYNC109  nats-py's own
        while self.is_connected and self.pending_data_size:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(_WRITTEN_SOON)
        await super().flush(timeout)

    def _connect_command(self) -> bytes:
        """Return what says who we are, and all that is said goes after it."""
        if self._secret and not self._server_info.get("tls_required"):
            raise Error("the server does not offer TLS")
        return super()._connect_command()


class Session:
    """A connection that stands; `lost` is set, with why, when it does no longer."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._client = _Client(secret=target.tls is not None)
        self._subscriptions: list[Subscription] = []
        self._outbox: deque[Message] = deque()
        self._waiting = 0
        self._more = asyncio.Event()
        self._sent = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._last_error = "no server answers"
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def max_payload(self) -> int:
        """How many bytes of headers and body the server takes in one message."""
        return self._client.max_payload

    def new_inbox(self) -> str:
        """Return a subject below which nobody else listens."""
        return self._client.new_inbox()

    async def connect(self) -> None:
        """Try each server until one takes us.

        Raises:
            ConnectionError: none does; the text says why not the last of them.
            TLSError: a file that TLS needs is of no use.
        """
        context = None if self._target.tls is None else self._target.tls.client_context()
        try:
            await self._client.connect(
                list(self._target.servers),
                name="kitfox",
                tls=context,
                token=self._target.token,
                error_cb=self._on_error,
                closed_cb=self._on_loss,
                connect_timeout=_CONNECT_WITHIN,
                ping_interval=_PING_INTERVAL,
                max_outstanding_pings=1,
                allow_reconnect=False,
                max_reconnect_attempts=1,  # the next server's turn; without, it never gives up
                reconnect_time_wait=0,
            )
        except (Error, OSError, TimeoutError) as error:
            raise ConnectionError(self._last_error) from error
        self._last_error = "the server fell silent"  # should it: of all else it is told
        self._writer = asyncio.create_task(self._write())

    async def subscribe(self, subject: str, handler: Handler, *, queue: str = "") -> None:
        """Hear what is said at `subject`; of those in one `queue`, one hears it.

        Raises:
            ConnectionError: the session was lost meanwhile.
        """

        async def hear(message: Msg) -> None:
            handler(Message(message.subject, message.data, message.reply, message.headers))

        try:
            made = await self._client.subscribe(  # pyright: ignore[reportUnknownMemberType]  a bare Future
                subject, queue=queue, cb=hear
            )
        except Error as error:
            raise ConnectionError(str(error)) from error
        self._subscriptions.append(made)

    async def unsubscribe(self, subjects: Collection[str]) -> None:
        """Hear no more of these, once all that the server has sent us until then is heard."""
        leaving = [each for each in self._subscriptions if each.subject in subjects]
        self._subscriptions = [each for each in self._subscriptions if each not in leaving]
        with suppress(Error, OSError, TimeoutError):
            async with fail_after(_FLUSH_WITHIN):
                await asyncio.gather(*(cast("_Drain", each.drain)() for each in leaving))

    def send(self, message: Message) -> None:
        """Publish a message after those before it. Never waits; after a loss it does nothing."""
        if not self.lost.done():
            self._outbox.append(message)
            self._waiting += len(message.body)
            self._more.set()

    async def writable(self) -> None:
        """Wait until there is room for more, or until the session is lost."""
        while self._waiting > _WAITING and not self.lost.done():
            self._sent.clear()
            await self._sent.wait()

    async def flush(self) -> None:
        """Wait until the server has all that was sent; not for long, for it may be gone."""
        with suppress(Error, OSError, TimeoutError):
            async with fail_after(_FLUSH_WITHIN):
                while self._outbox and not self.lost.done():
                    self._sent.clear()
                    await self._sent.wait()
                await self._client.flush()

    def end(self, why: str) -> None:
        """Call the session lost."""
        if not self.lost.done():
            self.lost.set_result(why)
        self._more.set()
        self._sent.set()

    async def aclose(self) -> None:
        """Leave the server."""
        self.end("it was closed")
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        with suppress(Error, OSError, TimeoutError):
            async with fail_after(_FLUSH_WITHIN):
                await self._client.close()

    async def _write(self) -> None:
        """Hand to the client what is in the outbox; it waits when the socket takes no more.

        The client may swallow a cancellation, so this ends with the session also by itself.
        """
        while not self.lost.done():
            self._more.clear()
            while self._outbox:
                message = self._outbox.popleft()
                self._waiting -= len(message.body)
                await self._publish(message)
            self._sent.set()
            await self._more.wait()

    async def _publish(self, message: Message) -> None:
        headers = None if message.headers is None else dict(message.headers)
        try:
            await self._client.publish(message.subject, message.body, message.reply, headers)
        except (Error, OSError) as error:
            if not self.lost.done():
                _log.warning("not sent to %s: %r", message.subject, error)

    async def _on_error(self, error: Exception) -> None:
        self._last_error = str(error) or type(error).__name__
        if self._writer is not None:  # before that, whoever connects is told
            _log.warning("%s: %s", self._target.url, self._last_error)
        if isinstance(error, SlowConsumerError):  # something was dropped: nothing is sure any more
            self.end(self._last_error)

    async def _on_loss(self) -> None:
        self.end(self._last_error)
