"""From a URL to a connection."""

from kitfox.core import Connection
from kitfox.net import HTTPClient
from kitfox.transports.http import HTTPConnection


class UnknownScheme(ValueError):
    """No wire of kitfox goes by this URL's scheme."""


def dial(url: str, client: HTTPClient) -> Connection:
    """Return a connection to `url` whose sockets belong to `client`.

    Raises:
        UnknownScheme: the URL is not of a wire that is known here.
        ValueError: the URL is malformed.
    """
    scheme = url.partition(":")[0]
    if scheme not in {"http", "https", "http+unix"}:
        msg = f"{url!r}: expected http://, https:// or http+unix://"
        raise UnknownScheme(msg)
    return HTTPConnection(url, client=client)
