"""Methods called over NATS."""

from kitfox.codecs import Codec, MessagePack, reply_decoder
from kitfox.core import Call, Closing, Endpoint, Method, Unreachable
from kitfox.multiplex import LinkLimits
from kitfox.net import TLS
from kitfox.scope import Deadline
from kitfox.transports.nats._caller import Caller
from kitfox.transports.nats._line import Line
from kitfox.transports.nats._message import check_metadata, check_request, fitting
from kitfox.transports.nats._pulse import BEAT
from kitfox.transports.nats._session import Session
from kitfox.transports.nats._target import DEFAULT_URL, OnConnection, target_of

# A call that waits for NATS gives up this share of its time before its deadline, or so many seconds
# if that is less: its caller shall hear that NATS was away, not only that time has passed.
_SHARE, _MOMENT = 0.1, 0.05


class NATSConnection(Closing):
    """Calls methods over NATS, of whichever instance takes the request.

    `url`, `tls`, `token` and `beat` are as for the listener. It connects with the first call, and
    again after each loss, for ever. A call that finds it down waits until its deadline, or for
    `patience` seconds when it has none, and is then Unreachable; one that was under way when NATS
    was lost is Unavailable at once.

    Raises:
        ValueError: the URL is malformed.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        codec: Codec | None = None,
        tls: TLS | None = None,
        token: str | None = None,
        limits: LinkLimits | None = None,
        patience: float = 5.0,
        on_connection: OnConnection | None = None,
        beat: float = BEAT,
    ) -> None:
        self._codec = codec or MessagePack()
        self._target = target_of(url, tls, token)
        self._limits = limits or LinkLimits()
        self._patience = patience
        self._beat = beat
        self._line = Line(self._target, self._opened, on_connection)

    @property
    def connected(self) -> bool:
        """Whether NATS is reached; not before the first call."""
        return self._line.up is not None

    def endpoint(self, method: Method) -> Endpoint:
        """Return what makes calls of `method`."""
        encode, decode = self._codec.encode, reply_decoder(self._codec, method.reply)

        async def call_over(call: Call, message: object) -> object:
            check_request(call.metadata)
            caller = self._line.up or await self._connected(call.deadline)
            check_metadata(call.metadata, caller.max_payload)
            return await caller.end.call(call, message, encode, decode)

        return call_over

    async def aclose(self) -> None:
        """Leave NATS; calls that are not over end as unavailable."""
        await self._line.flush()
        await self._line.aclose()

    async def _opened(self, session: Session) -> Caller:
        limits = fitting(self._limits, session.max_payload)
        caller = Caller(session, self._codec, limits, peer=self._target.url, beat=self._beat)
        await caller.listen()
        return caller

    async def _connected(self, deadline: Deadline | None) -> Caller:
        self._line.start()
        seconds = self._patience if deadline is None else _before(deadline.remaining())
        if (caller := await self._line.wait(seconds)) is None:
            raise Unreachable(f"{self._target.url} cannot be reached: {self._line.why}")
        return caller


def _before(remaining: float) -> float:
    return remaining - min(_MOMENT, remaining * _SHARE)
