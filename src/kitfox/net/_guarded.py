"""Whether an address may be listened at: where others can reach it, somebody must ask who comes."""

from kitfox.net._address import UnixAddress, is_loopback, parse_address
from kitfox.net._bearer import stripped
from kitfox.net._tls import TLS


def check_guarded(address: str, *, tls: TLS | None, token: str | None, public: bool) -> None:
    """Refuse to listen where others could call without a word about who may.

    Raises:
        ValueError: `address` is malformed, or other machines can reach it and there is neither a
            `token`, a `tls` that asks clients for certificates, nor `public`; the token is empty;
            or a Unix socket is to be encrypted.
    """
    if token is not None:
        stripped(token)
    place = parse_address(address)
    if isinstance(place, UnixAddress):
        if tls:
            msg = f"{address} is a socket of this machine, where nobody listens in: give no tls"
            raise ValueError(msg)
    elif not (is_loopback(place.host) or public or token or (tls and tls.client_ca)):
        msg = (
            f"{address} can be reached from other machines: give token='…', a TLS with "
            "client_ca='…', or public=True to let anybody call"
        )
        raise ValueError(msg)
