"""Discovery: who runs where, kept true by leases and known to everybody as whole sets."""

from kitfox.registry._background import Background as Background
from kitfox.registry._bearer import bearer as bearer
from kitfox.registry._cache import CachedSet as CachedSet, DiskCache as DiskCache
from kitfox.registry._contract import (
    DEFAULT_TTL as DEFAULT_TTL,
    Held as Held,
    Registration as Registration,
    Registry as Registry,
)
from kitfox.registry._documents import (
    OriginalProvider as OriginalProvider,
    OriginalRegistration as OriginalRegistration,
    Patch as Patch,
    decode_patch as decode_patch,
    decode_registration as decode_registration,
)
from kitfox.registry._feed import Freshness as Freshness
from kitfox.registry._hosts import (
    host_of as host_of,
    ip_of as ip_of,
    is_local as is_local,
    same_host as same_host,
)
from kitfox.registry._instance import (
    Instance as Instance,
    ServiceInfo as ServiceInfo,
    Snapshot as Snapshot,
)
from kitfox.registry._latest import Latest as Latest, Watchers as Watchers
from kitfox.registry._limits import Limits as Limits
from kitfox.registry._memory import MemoryRegistry as MemoryRegistry
from kitfox.registry._protocols import Registrar as Registrar, Resolver as Resolver
from kitfox.registry._providers import Providers as Providers
from kitfox.registry._table import FOREVER as FOREVER, TOMBSTONE as TOMBSTONE, Table as Table
from kitfox.registry._view import View as View
from kitfox.registry.http import HTTPRegistrar as HTTPRegistrar, HTTPResolver as HTTPResolver
from kitfox.registry.original import OriginalRegistry as OriginalRegistry

__all__ = [
    "DEFAULT_TTL",
    "FOREVER",
    "TOMBSTONE",
    "Background",
    "CachedSet",
    "DiskCache",
    "Freshness",
    "HTTPRegistrar",
    "HTTPResolver",
    "Held",
    "Instance",
    "Latest",
    "Limits",
    "MemoryRegistry",
    "OriginalProvider",
    "OriginalRegistration",
    "OriginalRegistry",
    "Patch",
    "Providers",
    "Registrar",
    "Registration",
    "Registry",
    "Resolver",
    "ServiceInfo",
    "Snapshot",
    "Table",
    "View",
    "Watchers",
    "bearer",
    "decode_patch",
    "decode_registration",
    "host_of",
    "ip_of",
    "is_local",
    "same_host",
]
