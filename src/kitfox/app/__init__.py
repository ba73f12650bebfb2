"""Putting it together: servers, clusters, wiring, and the configuration of a system."""

from kitfox.app._advertise import AdvertiseError as AdvertiseError
from kitfox.app._auth import Auth as Auth, JWTAuth as JWTAuth, authenticating as authenticating
from kitfox.app._chains import Chains as Chains
from kitfox.app._changes import changes as changes, mark_of as mark_of
from kitfox.app._client_chain import ClientChain as ClientChain
from kitfox.app._cluster import Cluster as Cluster
from kitfox.app._config import (
    find_config as find_config,
    load as load,
    read_config as read_config,
    read_values as read_values,
)
from kitfox.app._config_convert import convert as convert
from kitfox.app._config_durations import read_duration as read_duration
from kitfox.app._config_error import ConfigError as ConfigError, did_you_mean as did_you_mean
from kitfox.app._config_schema import (
    Config as Config,
    HealthConfig as HealthConfig,
    ServiceConfig as ServiceConfig,
    System as System,
    TLSFiles as TLSFiles,
    tls_of as tls_of,
)
from kitfox.app._config_values import Value as Value
from kitfox.app._connect import (
    UnknownScheme as UnknownScheme,
    connect as connect,
    dial as dial,
    schemes as schemes,
)
from kitfox.app._control import BreakerStatus as BreakerStatus, Control as Control
from kitfox.app._groups import Group as Group, groups as groups
from kitfox.app._in_place import InPlace as InPlace
from kitfox.app._listen_urls import (
    Opened as Opened,
    address_in as address_in,
    how_opened as how_opened,
    is_here as is_here,
    listeners_at as listeners_at,
    name_of_socket as name_of_socket,
)
from kitfox.app._neighbours import Neighbours as Neighbours
from kitfox.app._original import ORIGINAL as ORIGINAL, names_in_original as names_in_original
from kitfox.app._policies import Policies as Policies
from kitfox.app._policy import Policy as Policy
from kitfox.app._port import listening_at_port as listening_at_port
from kitfox.app._server import Server as Server, UnsupportedKind as UnsupportedKind
from kitfox.app._server_chain import ServerChain as ServerChain
from kitfox.app._signals import stop_signals as stop_signals
from kitfox.app._start_order import start_order as start_order
from kitfox.app._stop_times import notice_of as notice_of
from kitfox.app._telling import Telling as Telling
from kitfox.app._wiring import (
    Needs as Needs,
    WiringError as WiringError,
    load_target as load_target,
    made_by as made_by,
    needs_of as needs_of,
    wire as wire,
)
from kitfox.health import Readiness as Readiness

__all__ = [
    "ORIGINAL",
    "AdvertiseError",
    "Auth",
    "BreakerStatus",
    "Chains",
    "ClientChain",
    "Cluster",
    "Config",
    "ConfigError",
    "Control",
    "Group",
    "HealthConfig",
    "InPlace",
    "JWTAuth",
    "Needs",
    "Neighbours",
    "Opened",
    "Policies",
    "Policy",
    "Readiness",
    "Server",
    "ServerChain",
    "ServiceConfig",
    "System",
    "TLSFiles",
    "Telling",
    "UnknownScheme",
    "UnsupportedKind",
    "Value",
    "WiringError",
    "address_in",
    "authenticating",
    "changes",
    "connect",
    "convert",
    "dial",
    "did_you_mean",
    "find_config",
    "groups",
    "how_opened",
    "is_here",
    "listeners_at",
    "listening_at_port",
    "load",
    "load_target",
    "made_by",
    "mark_of",
    "name_of_socket",
    "names_in_original",
    "needs_of",
    "notice_of",
    "read_config",
    "read_duration",
    "read_values",
    "schemes",
    "start_order",
    "stop_signals",
    "tls_of",
    "wire",
]
