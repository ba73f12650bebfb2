"""The server's end of a session: who asks for what, and what becomes of it.

Rules:

- A request with a number of our wire's belongs to a peer, known by its inbox. Any other request
  with a reply subject is a stranger's.
- Leaving, first no further request comes to this instance, so the others of its queue group take
  over; then what had come ends; then the session may be closed.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from kitfox.codecs import JSON
from kitfox.core import InFlight, InvalidArgument, Kind, ResourceExhausted, RPCError, Unimplemented
from kitfox.multiplex import Failure, LinkLimits, Request, Services
from kitfox.transports.nats._discovery import Described
from kitfox.transports.nats._message import CALL, CONTENT_TYPE, Message, metadata_of, timeout_of
from kitfox.transports.nats._peers import Peers
from kitfox.transports.nats._pulse import Pulse
from kitfox.transports.nats._session import Handler, Session
from kitfox.transports.nats._strangers import Strangers
from kitfox.transports.nats._subjects import cancel_subject, is_number, path_of, spoken
from kitfox.transports.nats._words import write_last

_log = logging.getLogger("kitfox.nats")


class Offer:
    """What a listener serves, whichever session stands: its methods, by a request's media type.

    `described` is what discovery is told.
    """

    def __init__(
        self,
        services: Mapping[str, Services],
        described: Sequence[Described],
        in_flight: InFlight,
    ) -> None:
        self.services = services
        self.described = described
        self.in_flight = in_flight

    def services_for(self, headers: Mapping[str, str]) -> Services:
        """Return the services in the codec that a request is in; JSON when it does not say."""
        said = headers.get(CONTENT_TYPE, JSON.content_type).partition(";")[0].strip().lower()
        if (services := self.services.get(said)) is None:
            expected = " or ".join(self.services)
            raise InvalidArgument(f"header {CONTENT_TYPE}: expected {expected}, got {said[:40]!r}")
        return services


class Desk:
    """Serves what comes over one session."""

    def __init__(self, session: Session, offer: Offer, limits: LinkLimits, beat: float) -> None:
        self._session = session
        self._offer = offer
        self._limits = limits
        self._inbox = session.new_inbox()
        self._peers = Peers(self._inbox, session, offer.in_flight, limits)
        self._strangers = {
            services: Strangers(session, services, offer.in_flight, limits)
            for services in offer.services.values()
        }
        self._asked: set[str] = set()
        self._pulse = Pulse(beat, self._peers.beat)

    async def open(self) -> None:
        """Begin to take requests, and return when they come here.

        Raises:
            ConnectionError: the session is lost meanwhile.
        """
        await self._session.subscribe(f"{self._inbox}.>", self._hear)
        for each in self._offer.described:
            await self._session.subscribe(cancel_subject(each.service), self._hear_cancel)
            await self._ask(f"{each.service}.*", self._request, queue=each.service)
        for each in self._offer.described:
            for subject in ("$SRV.*", *each.subjects()):
                await self._ask(subject, self._answering(each))
        await self._session.flush()
        self._pulse.start()

    async def leave(self) -> None:
        """Take no further request, once those that were on their way have come."""
        await self._session.unsubscribe(self._asked)

    def lose(self, why: str) -> None:
        """Cancel what runs: nobody can be answered."""
        self._pulse.stop()
        self._peers.lose()
        for each in self._strangers.values():
            each.lose()

    async def _ask(self, subject: str, handler: Handler, *, queue: str = "") -> None:
        await self._session.subscribe(subject, handler, queue=queue)
        self._asked.add(subject)

    def _request(self, message: Message) -> None:
        if not message.reply:
            _log.debug("%s: a message without a reply subject is no call", message.subject)
            return
        try:
            self._begin(message, message.headers or {})
        except RPCError as error:
            failure = Failure(0, error.code.value, error.message, {}, {})
            room = self._session.max_payload
            self._session.send(write_last(message.reply, failure, JSON(), room=room))

    def _begin(self, message: Message, headers: Mapping[str, str]) -> None:
        if len(self._offer.in_flight) >= self._limits.calls:
            raise ResourceExhausted(f"{self._limits.calls} calls are in flight at this server")
        services, timeout = self._offer.services_for(headers), timeout_of(headers)
        path = path_of(message.subject)
        kind = Kind.UNARY if (served := services.find(path)) is None else served.method.kind
        inbox, number = _caller(message.reply, headers)
        body = None if kind.streams_requests else message.body
        request = Request(number, path, body, metadata_of(headers), timeout)
        if number:
            self._peers.begin(inbox, request, services, streams=kind is not Kind.UNARY)
        elif kind is Kind.UNARY:
            self._strangers[services].begin(request, message.reply)
        else:
            raise Unimplemented(f"{path} streams: a plain NATS request cannot call it")

    def _hear(self, message: Message) -> None:
        place, _, tail = message.subject[len(self._inbox) + 1 :].partition(".")
        if (said := spoken(tail)) is not None and is_number(place):
            self._peers.hear(int(place), said, message.body)

    def _hear_cancel(self, message: Message) -> None:
        # Requests are another subscription's, so the one that this is about may have arrived before
        # it and be read after it: in this very turn of the loop.
        asyncio.get_running_loop().call_soon(self._cancel, message.body)

    def _cancel(self, body: bytes) -> None:
        inbox, _, number = body.decode("utf-8", "replace").rpartition(".")
        if is_number(number):
            self._peers.cancel(inbox, int(number))

    def _answering(self, described: Described) -> Handler:
        def answer(message: Message) -> None:
            body = described.answer(message.subject.split(".")[1])
            if body is not None and message.reply:
                self._session.send(Message(message.reply, body))

        return answer


def _caller(reply: str, headers: Mapping[str, str]) -> tuple[str, int]:
    """Return a peer's inbox and its number of the call; 0 for a stranger's."""
    number = headers.get(CALL, "")
    if is_number(number) and reply.endswith(f".{number}"):
        return reply.removesuffix(f".{number}"), int(number)
    return reply, 0
