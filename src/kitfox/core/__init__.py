"""The definition of services and the path of a call, whatever the wire."""

from kitfox.core._call import (
    Call as Call,
    Send as Send,
    current_call as current_call,
    nowhere as nowhere,
    served_call as served_call,
)
from kitfox.core._closing import Closing as Closing
from kitfox.core._endpoint import Endpoint as Endpoint, Middleware as Middleware, chain as chain
from kitfox.core._handler import serving as serving
from kitfox.core._in_flight import InFlight as InFlight, stopped as stopped
from kitfox.core._keys import (
    Key as Key,
    by_field as by_field,
    by_metadata as by_metadata,
    by_method as by_method,
)
from kitfox.core._messages import Empty as Empty
from kitfox.core._metadata import Metadata as Metadata
from kitfox.core._method import Kind as Kind, Method as Method
from kitfox.core._outcome import (
    Outcome as Outcome,
    outcome_of as outcome_of,
    retry_after as retry_after,
)
from kitfox.core._reply_stream import ReplyStream as ReplyStream
from kitfox.core._service import (
    Service as Service,
    method_of as method_of,
    methods_of as methods_of,
    rpc as rpc,
    service_name as service_name,
)
from kitfox.core._signature import DefinitionError as DefinitionError
from kitfox.core._slot import Slot as Slot
from kitfox.core._status import (
    Aborted as Aborted,
    AlreadyExists as AlreadyExists,
    Cancelled as Cancelled,
    Code as Code,
    DataLoss as DataLoss,
    DeadlineExceeded as DeadlineExceeded,
    FailedPrecondition as FailedPrecondition,
    Internal as Internal,
    InvalidArgument as InvalidArgument,
    NotFound as NotFound,
    OutOfRange as OutOfRange,
    PermissionDenied as PermissionDenied,
    ResourceExhausted as ResourceExhausted,
    RPCError as RPCError,
    Unauthenticated as Unauthenticated,
    Unavailable as Unavailable,
    Unimplemented as Unimplemented,
    Unknown as Unknown,
    Unreachable as Unreachable,
)
from kitfox.core._stub import mapped as mapped, within_deadline as within_deadline
from kitfox.core._wire import (
    Connection as Connection,
    Listener as Listener,
    Routes as Routes,
    Through as Through,
)

__all__ = [
    "Aborted",
    "AlreadyExists",
    "Call",
    "Cancelled",
    "Closing",
    "Code",
    "Connection",
    "DataLoss",
    "DeadlineExceeded",
    "DefinitionError",
    "Empty",
    "Endpoint",
    "FailedPrecondition",
    "InFlight",
    "Internal",
    "InvalidArgument",
    "Key",
    "Kind",
    "Listener",
    "Metadata",
    "Method",
    "Middleware",
    "NotFound",
    "OutOfRange",
    "Outcome",
    "PermissionDenied",
    "RPCError",
    "ReplyStream",
    "ResourceExhausted",
    "Routes",
    "Send",
    "Service",
    "Slot",
    "Through",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Unknown",
    "Unreachable",
    "by_field",
    "by_metadata",
    "by_method",
    "chain",
    "current_call",
    "mapped",
    "method_of",
    "methods_of",
    "nowhere",
    "outcome_of",
    "retry_after",
    "rpc",
    "served_call",
    "service_name",
    "serving",
    "stopped",
    "within_deadline",
]
