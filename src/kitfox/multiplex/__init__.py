"""Many calls over one link, as MessagePack-RPC, WebSocket and NATS carry them."""

from kitfox.multiplex._caller_end import CallerEnd as CallerEnd
from kitfox.multiplex._credit import BadFrame as BadFrame
from kitfox.multiplex._dialled import Dial as Dial, Dialled as Dialled
from kitfox.multiplex._frames import (
    WINDOW as WINDOW,
    Cancel as Cancel,
    Credit as Credit,
    End as End,
    Failure as Failure,
    Frame as Frame,
    FromCaller as FromCaller,
    FromServer as FromServer,
    GoingAway as GoingAway,
    Item as Item,
    Refused as Refused,
    Reply as Reply,
    Request as Request,
)
from kitfox.multiplex._link import Link as Link, LinkLimits as LinkLimits
from kitfox.multiplex._liveness import KeepAlive as KeepAlive, Liveness as Liveness
from kitfox.multiplex._server_end import ServerEnd as ServerEnd, Services as Services

__all__ = [
    "WINDOW",
    "BadFrame",
    "CallerEnd",
    "Cancel",
    "Credit",
    "Dial",
    "Dialled",
    "End",
    "Failure",
    "Frame",
    "FromCaller",
    "FromServer",
    "GoingAway",
    "Item",
    "KeepAlive",
    "Link",
    "LinkLimits",
    "Liveness",
    "Refused",
    "Reply",
    "Request",
    "ServerEnd",
    "Services",
]
