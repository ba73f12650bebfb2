"""A caller that speaks this wire, as a server sees it: a link for as long as it has calls there."""

from collections.abc import Callable

from kitfox.core import Code, InFlight
from kitfox.multiplex import (
    BadFrame,
    Cancel,
    Credit,
    End,
    Failure,
    Frame,
    Item,
    LinkLimits,
    Refused,
    Reply,
    Request,
    ServerEnd,
    Services,
)
from kitfox.transports.nats._last_words import write_last
from kitfox.transports.nats._message import Message
from kitfox.transports.nats._session import Session
from kitfox.transports.nats._subjects import BEGUN, REFUSED, RUNNING, Spoken
from kitfox.transports.nats._words import follow_up, following, read_credit, write_running

_AT_ONCE = 1000  # calls that one message names


class _Streams:
    """How far the streams of one call are."""

    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0


class Peer:
    """One caller. It is the link of its calls' end; `left` is called when none of them runs."""

    identity = ""

    def __init__(
        self,
        inbox: str,
        place: str,
        session: Session,
        services: Services,
        in_flight: InFlight,
        limits: LinkLimits,
        left: Callable[[], None],
    ) -> None:
        self.peer = inbox
        self.services = services
        self.missed = 0  # beats since something was heard of it
        self._place = place
        self._session = session
        self._left = left
        self._calls: dict[int, _Streams] = {}
        self._end = ServerEnd(self, services, in_flight, limits)

    def begin(self, request: Request, *, streams: bool) -> None:
        """Begin a call; a caller that streams is told where to."""
        self.missed = 0
        number = request.call
        if number in self._calls:
            return  # a request is never sent twice; whoever says it was is not its caller
        self._calls[number] = _Streams()
        if streams:
            where = f"{self._place}.{number}"
            self._session.send(Message(f"{self.peer}.{number}.{BEGUN}", reply=where))
        self._end.receive(request)

    def hear(self, said: Spoken, body: bytes) -> None:
        """Take what the caller says about a call that has begun."""
        self.missed = 0
        if (streams := self._calls.get(said.call)) is None:
            return
        try:
            self._take(said, streams, body)
        except BadFrame as error:
            why = f"the stream broke: {error}"
            self._end.receive(Cancel(said.call))
            self._end_with(Failure(said.call, Code.UNAVAILABLE.value, why, {}, {}))

    def cancel(self, number: int) -> None:
        """End a call: its caller has given up."""
        self._end.receive(Cancel(number))
        self._forget(number)

    def beat(self) -> None:
        """Tell the caller which of its calls run here."""
        self.missed += 1
        calls = list(self._calls)
        for first in range(0, len(calls), _AT_ONCE):
            body = write_running(calls[first : first + _AT_ONCE])
            self._session.send(Message(f"{self.peer}.{RUNNING}", body, self._place))

    def lose(self) -> None:
        """Cancel what runs: the caller is gone, or this server is for it."""
        self._calls.clear()
        self._end.lose()
        self._left()

    def send(self, frame: Frame) -> None:
        match frame:
            case Reply() | Failure():
                self._end_with(frame)
            case Refused(number):
                self._session.send(Message(f"{self.peer}.{number}.{REFUSED}"))
                self._forget(number)
            case Item() | Credit():
                self._follow_up(frame)
            case _:
                pass

    async def writable(self) -> None:
        await self._session.writable()

    def close(self) -> None:
        """Do nothing: the session is the listener's to close."""

    def _take(self, said: Spoken, streams: _Streams, body: bytes) -> None:
        match said:
            case Spoken(number, "item", position):
                streams.received = following(position, streams.received)
                self._end.receive(Item(number, body))
            case Spoken(number, "end", position):
                following(position, streams.received)
                self._end.receive(End(number))
            case Spoken(number, "credit", _):
                self._end.receive(Credit(number, read_credit(body)))
            case Spoken(number, "cancel", _):
                self.cancel(number)
            case _:
                raise BadFrame(f"it said {said.word!r}")

    def _follow_up(self, frame: Item | Credit) -> None:
        if (streams := self._calls.get(frame.call)) is None:
            return
        message = follow_up(f"{self.peer}.{frame.call}", frame, streams.sent)
        streams.sent += isinstance(frame, Item)
        if message is not None:
            self._session.send(message)

    def _end_with(self, frame: Reply | Failure) -> None:
        streams = self._calls.get(frame.call)
        items = 0 if streams is None else streams.sent
        where, room = f"{self.peer}.{frame.call}", self._session.max_payload
        codec = self.services.codec
        self._session.send(write_last(where, frame, codec, room=room, items=items))
        self._forget(frame.call)

    def _forget(self, number: int) -> None:
        if self._calls.pop(number, None) is not None and not self._calls:
            self._left()
