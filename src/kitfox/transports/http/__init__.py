"""HTTP/1.1: methods as JSON over POST and routes of your choice, streams as server-sent events."""

from kitfox.transports.http._app import HTTPApp as HTTPApp, HTTPOptions as HTTPOptions
from kitfox.transports.http._connection import HTTPConnection as HTTPConnection
from kitfox.transports.http._cors import CORS as CORS
from kitfox.transports.http._hijack import (
    Hijack as Hijack,
    Upgrade as Upgrade,
    Upgraded as Upgraded,
    hijack_of as hijack_of,
    raw_stream as raw_stream,
)
from kitfox.transports.http._limits import HTTPLimits as HTTPLimits
from kitfox.transports.http._listener import HTTP as HTTP

__all__ = [
    "CORS",
    "HTTP",
    "HTTPApp",
    "HTTPConnection",
    "HTTPLimits",
    "HTTPOptions",
    "Hijack",
    "Upgrade",
    "Upgraded",
    "hijack_of",
    "raw_stream",
]
