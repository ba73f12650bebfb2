"""Applications run for the streams of one connection of hypercorn's."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self, cast

from hypercorn.config import Config
from hypercorn.typing import AppWrapper, ASGIReceiveEvent, ASGISendEvent, Scope as ServedScope

from kitfox.net import IDENTITY, ASGIApp, ASGIScope, Event, Send
from kitfox.scope import fail_after

_log = logging.getLogger("kitfox.http2")
_ROOM = 8  # events that may wait for an application
_LAST = frozenset({"http.disconnect", "websocket.disconnect"})
_GONE: Event = {"type": "http.disconnect"}


class Mailbox:
    """What an application has not received yet. Who puts waits for room, while somebody reads."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._room = asyncio.Semaphore(_ROOM)
        self._abandoned = False

    async def put(self, event: Event) -> None:
        """Add an event; the last one needs no room."""
        if event["type"] not in _LAST:
            await self._room.acquire()
        if not self._abandoned:
            self._events.put_nowait(event)

    async def get(self) -> Event:
        """Return the next event; the last one again and again."""
        event = await self._events.get()
        if event["type"] in _LAST:
            self._events.put_nowait(event)
        self._room.release()
        return event

    def abandon(self) -> None:
        """Let nobody wait any more: the application is over."""
        self._abandoned = True
        self._room.release()


class Applications:
    """Runs `app` for each stream of one connection, all of which end with the connection.

    `identity` is who the client proved to be; a request's body must come within `request_time`
    seconds. `running` are the tasks of the applications.
    """

    def __init__(
        self,
        app: ASGIApp,
        identity: str,
        request_time: float,
        running: set[asyncio.Task[None]],
    ) -> None:
        self._task_group = asyncio.TaskGroup()  # hypercorn knows it by this name
        self._app = app
        self._identity = identity
        self._request_time = request_time
        self._running = running

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._task_group.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Wait until all have ended."""
        await self._task_group.__aexit__(exc_type, exc_value, tb)

    def spawn(self, func: Callable[..., Coroutine[Any, Any, None]], *args: object) -> None:
        """Start what hypercorn wants to do beside."""
        self.start(func(*args))

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task."""
        return self._task_group.create_task(work)

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: ServedScope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Run the application for one stream; return what takes its events."""
        served, mailbox = cast("ASGIScope", scope), Mailbox()
        served["extensions"][IDENTITY] = self._identity
        task = self.start(self._run(served, mailbox, cast("Send", send)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return cast("Callable[[ASGIReceiveEvent], Awaitable[None]]", mailbox.put)

    async def _run(self, scope: ASGIScope, mailbox: Mailbox, send: Send) -> None:
        receive = mailbox.get
        if scope["type"] == "http":
            receive = _Body(mailbox, self._request_time).receive
        try:
            await self._app(scope, receive, send)
        except Exception:  # noqa: BLE001 - whatever it is, it is this stream's alone
            _log.exception("the application failed")
        finally:
            mailbox.abandon()
            await cast("Callable[[None], Awaitable[None]]", send)(None)  # hypercorn's word for over


class _Body:
    """A request whose client counts as gone when its body does not come in time."""

    def __init__(self, mailbox: Mailbox, seconds: float) -> None:
        self._get = mailbox.get
        self._due = asyncio.get_running_loop().time() + seconds
        self._complete = False

    async def receive(self) -> Event:
        if self._complete:
            return await self._get()
        try:
            async with fail_after(self._due - asyncio.get_running_loop().time()):
                event = await self._get()
        except TimeoutError:
            return _GONE
        self._complete = not event.get("more_body", False)
        return event
