"""Sockets, TLS, readiness notification, and the HTTP/1.1 client."""

from kitfox.net._acceptor import Acceptor as Acceptor
from kitfox.net._address import (
    Address as Address,
    UnixAddress as UnixAddress,
    is_loopback as is_loopback,
    parse_address as parse_address,
)
from kitfox.net._asgi import (
    SLASH as SLASH,
    ASGIApp as ASGIApp,
    ASGIScope as ASGIScope,
    BadPath as BadPath,
    BodyTooLarge as BodyTooLarge,
    ClientGone as ClientGone,
    Event as Event,
    Receive as Receive,
    Send as Send,
    path_of as path_of,
    read_body as read_body,
    reply as reply,
    with_slashes as with_slashes,
)
from kitfox.net._bearer import SharedToken as SharedToken, bearer_token as bearer_token
from kitfox.net._client_watch import ClientWatch as ClientWatch
from kitfox.net._cross_origin import (
    cross_origin as cross_origin,
    is_local_name as is_local_name,
)
from kitfox.net._errors import (
    BadReply as BadReply,
    ConnectFailed as ConnectFailed,
    ConnectionBroken as ConnectionBroken,
    HTTPError as HTTPError,
    QueueFull as QueueFull,
    ReplyTooLarge as ReplyTooLarge,
)
from kitfox.net._guarded import check_guarded as check_guarded
from kitfox.net._http_client import HTTPClient as HTTPClient
from kitfox.net._http_limits import ClientLimits as ClientLimits
from kitfox.net._http_reply import HTTPReply as HTTPReply
from kitfox.net._http_stream import HTTPReplyStream as HTTPReplyStream
from kitfox.net._http_url import split_url as split_url
from kitfox.net._lifeline import (
    LIFELINE as LIFELINE,
    Lifeline as Lifeline,
    hold_lifeline as hold_lifeline,
)
from kitfox.net._listen import (
    BACKLOG as BACKLOG,
    address_of as address_of,
    bind as bind,
    inherited as inherited,
    is_reserved as is_reserved,
    reserve as reserve,
)
from kitfox.net._notify import (
    Heartbeat as Heartbeat,
    Notification as Notification,
    Notifier as Notifier,
    NotifySocket as NotifySocket,
    parse_notification as parse_notification,
)
from kitfox.net._router import (
    Match as Match,
    Router as Router,
    template_names as template_names,
)
from kitfox.net._shared_socket import share as share, to_inherit as to_inherit
from kitfox.net._site import (
    Handler as Handler,
    Site as Site,
    SiteReply as SiteReply,
    SiteRequest as SiteRequest,
)
from kitfox.net._sockets import (
    HANDED_OVER as HANDED_OVER,
    Bind as Bind,
    Sockets as Sockets,
    to_hand_over as to_hand_over,
)
from kitfox.net._tls import PEM as PEM, TLS as TLS
from kitfox.net._tls_files import TLSError as TLSError
from kitfox.net._tls_identity import (
    IDENTITY as IDENTITY,
    certified_name as certified_name,
    peer_identity as peer_identity,
)

__all__ = [
    "BACKLOG",
    "HANDED_OVER",
    "IDENTITY",
    "LIFELINE",
    "PEM",
    "SLASH",
    "TLS",
    "ASGIApp",
    "ASGIScope",
    "Acceptor",
    "Address",
    "BadPath",
    "BadReply",
    "Bind",
    "BodyTooLarge",
    "ClientGone",
    "ClientLimits",
    "ClientWatch",
    "ConnectFailed",
    "ConnectionBroken",
    "Event",
    "HTTPClient",
    "HTTPError",
    "HTTPReply",
    "HTTPReplyStream",
    "Handler",
    "Heartbeat",
    "Lifeline",
    "Match",
    "Notification",
    "Notifier",
    "NotifySocket",
    "QueueFull",
    "Receive",
    "ReplyTooLarge",
    "Router",
    "Send",
    "SharedToken",
    "Site",
    "SiteReply",
    "SiteRequest",
    "Sockets",
    "TLSError",
    "UnixAddress",
    "address_of",
    "bearer_token",
    "bind",
    "certified_name",
    "check_guarded",
    "cross_origin",
    "hold_lifeline",
    "inherited",
    "is_local_name",
    "is_loopback",
    "is_reserved",
    "parse_address",
    "parse_notification",
    "path_of",
    "peer_identity",
    "read_body",
    "reply",
    "reserve",
    "share",
    "split_url",
    "template_names",
    "to_hand_over",
    "to_inherit",
    "with_slashes",
]
