"""The callers of a server that speak this wire.

A peer comes with its first call and goes with its last. It is known by its inbox, and to itself by
the place where this server hears it. One that is not heard of for some beats is gone.
"""

import itertools

from kitfox.core import InFlight, InvalidArgument
from kitfox.multiplex import LinkLimits, Request, Services
from kitfox.transports.nats._peer import Peer
from kitfox.transports.nats._pulse import PATIENCE
from kitfox.transports.nats._session import Session
from kitfox.transports.nats._subjects import Spoken


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
