"""Putting a system together: its configuration, its processes."""

from kitfox.app._advertise import AdvertiseError as AdvertiseError
from kitfox.app._auth import Auth as Auth, JWTAuth as JWTAuth, authenticating as authenticating
from kitfox.app._chains import Chains as Chains
from kitfox.app._claim import AlreadyRunningError as AlreadyRunningError
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
from kitfox.app._groups import groups as groups, may_overlap as may_overlap
from kitfox.app._held_sockets import PortTakenError as PortTakenError
from kitfox.app._in_place import InPlace as InPlace
from kitfox.app._keeper import (
    NotSettledError as NotSettledError,
    RestartFailedError as RestartFailedError,
)
from kitfox.app._legacy import Legacy as Legacy
from kitfox.app._life import Patience as Patience
from kitfox.app._lifeline import LIFELINE as LIFELINE, hold_lifeline as hold_lifeline
from kitfox.app._listen_urls import (
    address_in as address_in,
    listeners_at as listeners_at,
    name_of_socket as name_of_socket,
)
from kitfox.app._neighbours import Neighbours as Neighbours
from kitfox.app._policies import Policies as Policies
from kitfox.app._policy import Policy as Policy
from kitfox.app._process_table import Row as Row, State as State
from kitfox.app._restart import Restart as Restart
from kitfox.app._server import Server as Server, UnsupportedKind as UnsupportedKind
from kitfox.app._server_chain import ServerChain as ServerChain
from kitfox.app._start_order import start_order as start_order
from kitfox.app._status_file import Status as Status, StatusFile as StatusFile
from kitfox.app._supervision import Step as Step, Supervision as Supervision
from kitfox.app._supervisor import Supervisor as Supervisor
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
    "LIFELINE",
    "AdvertiseError",
    "AlreadyRunningError",
    "Auth",
    "BreakerStatus",
    "Chains",
    "ClientChain",
    "Cluster",
    "Config",
    "ConfigError",
    "Control",
    "HealthConfig",
    "InPlace",
    "JWTAuth",
    "Legacy",
    "Needs",
    "Neighbours",
    "NotSettledError",
    "Patience",
    "Policies",
    "Policy",
    "PortTakenError",
    "Readiness",
    "Restart",
    "RestartFailedError",
    "Row",
    "Server",
    "ServerChain",
    "ServiceConfig",
    "State",
    "Status",
    "StatusFile",
    "Step",
    "Supervision",
    "Supervisor",
    "System",
    "TLSFiles",
    "UnknownScheme",
    "UnsupportedKind",
    "Value",
    "WiringError",
    "address_in",
    "authenticating",
    "connect",
    "convert",
    "dial",
    "did_you_mean",
    "find_config",
    "groups",
    "hold_lifeline",
    "listeners_at",
    "load",
    "load_target",
    "made_by",
    "may_overlap",
    "name_of_socket",
    "needs_of",
    "read_config",
    "read_duration",
    "read_values",
    "schemes",
    "start_order",
    "tls_of",
    "wire",
]
