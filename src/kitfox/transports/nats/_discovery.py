"""Answers to `$SRV.PING|INFO|STATS`, as NATS's service framework gives them (ADR-32).

Its names have no dots, so `acme.v1.Users` is `acme_v1_Users` there; the whole name is in the
metadata. An instance is known by an id of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, TypedDict

import msgspec

from kitfox.core import Call, Endpoint, Method
from kitfox.transports.nats._subjects import subject_of

_TYPE: Final = "io.nats.micro.v1."

Clock = Callable[[], float]


class Stats:
    """The calls of one method since the listener started."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.calls = 0
        self.errors = 0
        self.last_error = ""
        self.seconds = 0.0

    def counting(self, endpoint: Endpoint, clock: Clock) -> Endpoint:
        """Return `endpoint`, with its calls counted; `clock` gives seconds."""

        async def counted(call: Call, message: object) -> object:
            began = clock()
            self.calls += 1
            try:
                return await endpoint(call, message)
            except Exception as error:
                self.errors += 1
                self.last_error = str(error)
                raise
            finally:
                self.seconds += clock() - began

        return counted


class _Head(TypedDict):
    name: str
    id: str
    version: str
    metadata: dict[str, str]


class _Endpoint(msgspec.Struct):
    name: str
    subject: str
    queue_group: str
    metadata: dict[str, str]


class _EndpointStats(msgspec.Struct):
    name: str
    subject: str
    queue_group: str
    num_requests: int
    num_errors: int
    last_error: str
    processing_time: int  # nanoseconds, as the average
    average_processing_time: int
    data: None = None  # what else a service has to say; some readers insist on the field


class Pong(msgspec.Struct, kw_only=True):
    """Who is there."""

    type: str = f"{_TYPE}ping_response"
    name: str
    id: str
    version: str
    metadata: dict[str, str]


class Info(Pong, kw_only=True):
    """What it offers."""

    type: str = f"{_TYPE}info_response"
    description: str
    endpoints: list[_Endpoint]


class StatsReport(Pong, kw_only=True):
    """What it has done."""

    type: str = f"{_TYPE}stats_response"
    started: datetime
    endpoints: list[_EndpointStats]


class Described:
    """One service of one instance, as the framework describes it."""

    def __init__(
        self, service: str, stats: Sequence[Stats], *, id: str, version: str, started: datetime
    ) -> None:
        self.service = service
        self.name = service.replace(".", "_")
        self._stats = stats
        self._id = id
        self._started = started
        self._head = _Head(
            name=self.name, id=id, version=version, metadata={"kitfox.service": service}
        )

    def subjects(self) -> tuple[str, ...]:
        """Return where its answers are asked for, apart from `$SRV.*`."""
        return f"$SRV.*.{self.name}", f"$SRV.*.{self.name}.{self._id}"

    def answer(self, verb: str) -> bytes | None:
        """Return what it answers to PING, INFO or STATS; None for what the framework lacks."""
        match verb:
            case "PING":
                return msgspec.json.encode(Pong(**self._head))
            case "INFO":
                return msgspec.json.encode(self._info())
            case "STATS":
                return msgspec.json.encode(self._report())
            case _:
                return None

    def _info(self) -> Info:
        return Info(
            **self._head,
            description=f"{self.service}, served by kitfox",
            endpoints=[_endpoint(stats.method) for stats in self._stats],
        )

    def _report(self) -> StatsReport:
        endpoints = [_counted(stats) for stats in self._stats]
        return StatsReport(**self._head, started=self._started, endpoints=endpoints)


def _endpoint(method: Method) -> _Endpoint:
    metadata = {"kitfox.kind": method.kind.value}
    if method.doc:
        metadata["doc"] = method.doc.partition("\n")[0]
    return _Endpoint(method.name, subject_of(method.path), method.service, metadata)


def _counted(stats: Stats) -> _EndpointStats:
    spent = int(stats.seconds * 1e9)
    return _EndpointStats(
        name=stats.method.name,
        subject=subject_of(stats.method.path),
        queue_group=stats.method.service,
        num_requests=stats.calls,
        num_errors=stats.errors,
        last_error=stats.last_error,
        processing_time=spent,
        average_processing_time=spent // max(1, stats.calls),
    )


def described(
    stats: Iterable[Stats], *, id: str, version: str, started: datetime
) -> list[Described]:
    """Return each service of which there are methods."""
    services: dict[str, list[Stats]] = {}
    for each in stats:
        services.setdefault(each.method.service, []).append(each)
    return [
        Described(service, methods, id=id, version=version, started=started)
        for service, methods in services.items()
    ]
