"""What an operator may say about a registry."""

import msgspec

from kitfox.registry import Limits
from kitfox.services.registry._heart import Rhythm


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a registry; as they are, it serves this machine and forgets when it ends.

    `database` is an SQLite file that keeps registrations over a restart; empty means memory only.
    Peers on other machines need the `token`, or an address in `allow` (addresses and networks).
    `allow` also names the hosts that the registry may call on behalf of other addresses.
    `shortest_ttl` and `longest_ttl` bound leases, `sign_of_life` is how often watchers that have
    nothing to learn hear that they are still connected, `delivery_timeout` how long a service of
    the original protocol may take over a patch, `heartbeat` how it is looked after; all in seconds.
    """

    database: str = ""
    token: str = ""
    allow: tuple[str, ...] = ()
    limits: Limits = Limits()
    shortest_ttl: float = 1.0
    longest_ttl: float = 300.0
    sign_of_life: float = 10.0
    delivery_timeout: float = 2.0
    heartbeat: Rhythm = Rhythm()
