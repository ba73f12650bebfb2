"""The caller's end of a session: frames become messages, and messages frames.

A request is for any one instance. Which one took it the caller learns from the reply subject of
what that one says first; what else the caller has to say about the call waits until then.

A call ends as unavailable when its server has not been heard of for some beats: it may be dead.
"""

from kitfox.codecs import Codec
from kitfox.core import Code
from kitfox.multiplex import (
    BadFrame,
    CallerEnd,
    Cancel,
    Credit,
    End,
    Failure,
    Frame,
    FromServer,
    Item,
    LinkLimits,
    Refused,
    Reply,
    Request,
)
from kitfox.transports.nats._message import (
    CALL,
    CONTENT_TYPE,
    TIMEOUT,
    Message,
    timeout_text,
)
from kitfox.transports.nats._pulse import PATIENCE, Pulse
from kitfox.transports.nats._session import Session
from kitfox.transports.nats._subjects import (
    BEGUN,
    HERE,
    RUNNING,
    Spoken,
    cancel_subject,
    service_of,
    spoken,
    subject_of,
)
from kitfox.transports.nats._words import follow_up, following, read_credit, read_last, read_running

Follow = Item | End | Credit | Cancel


class _Route:
    """What the wire knows of one call: who has it, and how far its streams are."""

    __slots__ = ("held", "missed", "place", "received", "sent", "service")

    def __init__(self, service: str) -> None:
        self.service = service
        self.place = ""  # of the server that has it; unknown until that one has spoken
        self.held: list[Follow] = []
        self.sent = 0
        self.received = 0
        self.missed = 0  # beats since something was heard of the call


class Caller:
    """Makes calls over one session. It is the link of its `end`."""

    identity = ""

    def __init__(
        self, session: Session, codec: Codec, limits: LinkLimits, *, peer: str, beat: float
    ) -> None:
        self.peer = peer
        self.end = CallerEnd(self, limits)
        self.inbox = session.new_inbox()
        self._session = session
        self._codec = codec
        self._routes: dict[int, _Route] = {}
        self._pulse = Pulse(beat, self._beat)

    @property
    def max_payload(self) -> int:
        """How many bytes of headers and body fit into one message."""
        return self._session.max_payload

    async def listen(self) -> None:
        """Begin to hear what servers say."""
        await self._session.subscribe(f"{self.inbox}.>", self._hear)
        self._pulse.start()

    def send(self, frame: Frame) -> None:
        if isinstance(frame, Request):
            self._request(frame)
        elif isinstance(frame, Follow) and (route := self._routes.get(frame.call)) is not None:
            self._follow(frame.call, route, frame)

    async def writable(self) -> None:
        await self._session.writable()

    def close(self) -> None:
        """Do nothing: the session is the connection's to close, which tells the end."""

    def lose(self, why: str) -> None:
        """End every call: the session is lost."""
        self._pulse.stop()
        self._routes.clear()
        self.end.lose(why)

    def _request(self, frame: Request) -> None:
        self._routes[frame.call] = _Route(service_of(frame.path))
        headers = {CONTENT_TYPE: self._codec.content_type, CALL: str(frame.call), **frame.metadata}
        if frame.timeout is not None:
            headers[TIMEOUT] = timeout_text(frame.timeout)
        reply = f"{self.inbox}.{frame.call}"
        self._session.send(Message(subject_of(frame.path), frame.body or b"", reply, headers))

    def _follow(self, number: int, route: _Route, frame: Follow) -> None:
        if isinstance(frame, Cancel):
            self._cancel(number, self._routes.pop(number))
        elif not route.place:
            route.held.append(frame)  # no more than a stream's first credit allows
        elif (message := self._message(number, route, frame)) is not None:
            self._session.send(message)

    def _message(self, number: int, route: _Route, frame: Follow) -> Message | None:
        message = follow_up(f"{route.place}.{number}", frame, route.sent)
        route.sent += isinstance(frame, Item)
        return message

    def _cancel(self, number: int, route: _Route) -> None:
        if route.place:
            self._session.send(Message(f"{route.place}.{number}.cancel"))
        else:
            body = f"{self.inbox}.{number}".encode()
            self._session.send(Message(cancel_subject(route.service), body))

    def _hear(self, message: Message) -> None:
        said = spoken(message.subject[len(self.inbox) + 1 :])
        if said is None:
            return
        if said == Spoken(0, RUNNING):
            self._answer(message)
        elif (route := self._routes.get(said.call)) is not None:
            route.missed = 0
            self._learn(said.call, route, message.reply)
            self._tell(said, route, message)

    def _learn(self, number: int, route: _Route, reply: str) -> None:
        """Note who has a call, and say to it what was held back."""
        if route.place or not reply.endswith(f".{number}"):
            return
        route.place = reply.removesuffix(f".{number}")
        held, route.held = route.held, []
        for frame in held:
            self._follow(number, route, frame)

    def _tell(self, said: Spoken, route: _Route, message: Message) -> None:
        if said.word == BEGUN:
            return
        try:
            frame = self._frame(said, route, message)
            if isinstance(frame, Reply | Failure | Refused):
                del self._routes[said.call]
            self.end.receive(frame)
        except BadFrame as error:
            self._fail(said.call, f"the stream broke: {error}")

    def _frame(self, said: Spoken, route: _Route, message: Message) -> FromServer:
        match said:
            case Spoken(call, "", _):
                return read_last(
                    call, message, self._codec, service=route.service, items=route.received
                )
            case Spoken(call, "item", position):
                route.received = following(position, route.received)
                return Item(call, message.body)
            case Spoken(call, "credit", _):
                return Credit(call, read_credit(message.body))
            case Spoken(call, "refused", _):
                return Refused(call)
            case _:
                raise BadFrame(f"it said {said.word!r}")

    def _answer(self, message: Message) -> None:
        """Tell a server that we are here, and which of its calls are nobody's any more."""
        place = message.reply
        self._session.send(Message(f"{place}.{HERE}"))
        for number in read_running(message.body):
            if (route := self._routes.get(number)) is None:
                self._session.send(Message(f"{place}.{number}.cancel"))
            else:
                route.missed = 0
                self._learn(number, route, f"{place}.{number}")

    def _beat(self) -> None:
        for number, route in list(self._routes.items()):
            route.missed += 1
            if route.missed > PATIENCE:
                why = "nothing is heard of the server any more, nor whether the call was made"
                self._fail(number, why)

    def _fail(self, number: int, why: str) -> None:
        """End a call for a reason of our own."""
        if (route := self._routes.pop(number, None)) is not None:
            self._cancel(number, route)
            self.end.receive(Failure(number, Code.UNAVAILABLE.value, why, {}, {}))
