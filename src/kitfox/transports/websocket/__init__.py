"""WebSockets: calls of all four kinds over one, and protocols of the user's own."""

from kitfox.transports.websocket._client import WebSocketConnection as WebSocketConnection
from kitfox.transports.websocket._limits import WebSocketLimits as WebSocketLimits
from kitfox.transports.websocket._server import WebSocket as WebSocket
from kitfox.transports.websocket._socket import (
    Socket as Socket,
    SocketHandler as SocketHandler,
    WebSocketClosed as WebSocketClosed,
)

__all__ = [
    "Socket",
    "SocketHandler",
    "WebSocket",
    "WebSocketClosed",
    "WebSocketConnection",
    "WebSocketLimits",
]
