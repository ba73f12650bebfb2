"""The callers of a server that speak this wire, each a link for as long as it has calls there.

A peer comes with its first call and goes with its last. It is known by its inbox, and to itself by
the place where this server hears it. One that is not heard of for some beats is gone.
"""

import itertools
from collections.abc import Callable

from kitfox.core import Code, InFlight, InvalidArgument
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
from kitfox.transports.nats._message import Message
from kitfox.transports.nats._pulse import PATIENCE
from kitfox.transports.nats._session import Session
from kitfox.transports.nats._subjects import BEGUN, REFUSED, RUNNING, Spoken
from kitfox.transports.nats._words import (
    follow_up,
    following,
    read_credit,
    write_last,
    write_running,
)

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


class Peers:
    """Those of one session, which hears them below `inbox`."""

    def __init__(
        self, inbox: str, session: Session, in_flight: InFlight, limits: LinkLimits
    ) -> None:
        self._inbox = inbox
        self._session = session
        self._in_flight = in_flight
        self._limits = limits
        self._numbers = itertools.count(1)
        self._known: dict[str, Peer] = {}
        self._placed: dict[int, Peer] = {}

    def begin(self, inbox: str, request: Request, services: Services, *, streams: bool) -> None:
        """Begin a call of the peer at `inbox`; raise InvalidArgument for a second codec."""
        if (peer := self._known.get(inbox)) is None:
            peer = self._welcome(inbox, services)
        if peer.services is not services:
            raise InvalidArgument("a caller writes all its requests in one codec")
        peer.begin(request, streams=streams)

    def hear(self, number: int, said: Spoken, body: bytes) -> None:
        """Take what is said at a place."""
        if (peer := self._placed.get(number)) is not None:
            peer.hear(said, body)

    def cancel(self, inbox: str, number: int) -> None:
        """End a call whose caller has given up."""
        if (peer := self._known.get(inbox)) is not None:
            peer.cancel(number)

    def beat(self) -> None:
        """Tell each peer which of its calls run, and cancel those of the peers that are gone."""
        for peer in list(self._known.values()):
            if peer.missed >= PATIENCE:
                peer.lose()
            else:
                peer.beat()

    def lose(self) -> None:
        """Cancel what runs."""
        for peer in list(self._known.values()):
            peer.lose()

    def _welcome(self, inbox: str, services: Services) -> Peer:
        number = next(self._numbers)

        def left() -> None:
            del self._known[inbox], self._placed[number]

        place = f"{self._inbox}.{number}"
        peer = Peer(inbox, place, self._session, services, self._in_flight, self._limits, left)
        self._known[inbox] = self._placed[number] = peer
        return peer
