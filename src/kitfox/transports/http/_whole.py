"""A whole answer written at once, on our own server.

ASGI sends an answer as two events, each a coroutine that checks what is known to be right here;
together they cost more than all that kitfox does for a call. Our connection therefore offers the
scope's extension `kitfox.answer`. Any other server, and any answer out of the ordinary, takes the
way of ASGI.
"""

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from kitfox.net import Send
from kitfox.transports.http._headers import RawHeaders

EXTENSION = "kitfox.answer"


class Whole:
    """Answers one request of one connection."""

    __slots__ = ("_connection", "_cycle")

    def __init__(self, connection: HttpToolsProtocol, cycle: RequestResponseCycle) -> None:
        self._connection = connection
        self._cycle = cycle

    def answer(self, send: Send, headers: RawHeaders, body: bytes) -> bool:
        """Write status 200, headers and body, and end the exchange; False: nothing was done.

        `headers` are valid as they are, name the body's length, and do not close the connection.
        `send` is how the application would answer: if it is not the connection's own, somebody
        in between wants to see the answer.
        """
        cycle, connection = self._cycle, self._connection
        if send != cycle.send or not self._is_ordinary():
            return False
        cycle.response_started = cycle.response_complete = True
        head = [STATUS_LINE[200]]
        for name, value in connection.server_state.default_headers:
            head += (name, b": ", value, b"\r\n")
        for name, value in headers:
            head += (name, b": ", value, b"\r\n")
        head += (b"\r\n", body)
        connection.transport.write(b"".join(head))
        cycle.message_event.set()
        cycle.on_response()
        return True

    def _is_ordinary(self) -> bool:
        """Whether the client is there, reads what it is sent, and goes on with this connection."""
        cycle = self._cycle
        return (
            cycle.keep_alive
            and not cycle.disconnected
            and not cycle.response_started
            and not cycle.flow.write_paused
            and cycle.scope["method"] != "HEAD"
        )
