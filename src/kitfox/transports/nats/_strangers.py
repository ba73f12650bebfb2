"""Callers that speak only NATS: a request, and a reply to its reply subject."""

import itertools

import msgspec

from kitfox.core import Code, InFlight
from kitfox.multiplex import (
    Failure,
    Frame,
    LinkLimits,
    Refused,
    Reply,
    Request,
    ServerEnd,
    Services,
)
from kitfox.transports.nats._session import Session
from kitfox.transports.nats._words import write_last


class Strangers:
    """All of them that ask in one codec, as one link: each request gets a number of ours."""

    identity = ""
    peer = "nats"

    def __init__(
        self, session: Session, services: Services, in_flight: InFlight, limits: LinkLimits
    ) -> None:
        self._session = session
        self._codec = services.codec
        self._numbers = itertools.count(1)
        self._replies: dict[int, str] = {}
        self._end = ServerEnd(self, services, in_flight, limits)

    def begin(self, request: Request, reply: str) -> None:
        """Begin a call, to be answered at `reply`. No body is a message without fields."""
        number = next(self._numbers)
        self._replies[number] = reply
        body = request.body or self._codec.encode({})
        self._end.receive(msgspec.structs.replace(request, call=number, body=body))

    def lose(self) -> None:
        """Cancel what runs."""
        self._end.lose()
        self._replies.clear()

    def send(self, frame: Frame) -> None:
        match frame:
            case Reply() | Failure():
                self._answer(frame)
            case Refused(number, why):
                self._answer(Failure(number, Code.UNAVAILABLE.value, why, {}, {}))
            case _:
                pass

    async def writable(self) -> None:
        await self._session.writable()

    def close(self) -> None:
        """Do nothing: the session is the listener's to close."""

    def _answer(self, frame: Reply | Failure) -> None:
        if (where := self._replies.pop(frame.call, None)) is not None:
            room = self._session.max_payload
            self._session.send(write_last(where, frame, self._codec, room=room))
