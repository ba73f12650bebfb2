"""What probes are answered, and who is shown more than that.

Rules:

- Whether the process lives, has started and takes calls, everybody may know, on any address.
- What is wrong, and all below `/debug/`, is shown to whoever shows the token; on a loopback address
  to everybody who asks for it by an address or as localhost, so that no web page does.
- Liveness asks nobody else: a restart would not mend those. Before the start nothing is dead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from kitfox.health._clock import now
from kitfox.health._probe_request import ProbeReply, ProbeRequest
from kitfox.health._question import Question
from kitfox.health._readiness import Readiness
from kitfox.health._report import Report, Result
from kitfox.health._stacks import thread_stacks
from kitfox.health._task_tree import task_tree
from kitfox.health._watchdog import Watchdog
from kitfox.net import SharedToken, is_local_name

Ask = Callable[[], Awaitable[Report]]

_UNKNOWN = ProbeReply(404, "not found: /livez, /readyz, /startupz, /debug/tasks, /debug/stacks")


class ProbePages:
    """Answers requests about a `loop`, in another."""

    def __init__(
        self,
        readiness: Readiness,
        watchdog: Watchdog | None,
        loop: asyncio.AbstractEventLoop,
        *,
        token: SharedToken | None,
        local: bool,
    ) -> None:
        self._readiness = readiness
        self._watchdog = watchdog
        self._loop = loop
        self._question = Question(readiness, loop)
        self._token = token
        self._local = local
        self._probes: Mapping[str, Ask] = {
            "/livez": self._live,
            "/readyz": self._question.ask,
            "/startupz": self._started,
        }
        self._debug: Mapping[str, Callable[[bool], str]] = {
            "/debug/tasks": self._tasks,
            "/debug/stacks": lambda _: thread_stacks(),
        }

    async def answer(self, request: ProbeRequest) -> ProbeReply:
        """Return the answer to a request."""
        if request.verb not in {"GET", "HEAD"}:
            return ProbeReply(405, "wrong method", {"allow": "GET, HEAD"})
        if (ask := self._probes.get(request.path)) is not None:
            return self._probed(await ask(), request)
        if (page := self._debug.get(request.path)) is None:
            return _UNKNOWN
        if why := self._why_not(request):
            status, headers = (401, {"www-authenticate": "Bearer"}) if self._token else (403, {})
            return ProbeReply(status, why, headers)
        return ProbeReply(200, page(request.verbose))

    def close(self) -> None:
        """Wait for nothing more."""
        self._question.close()

    def _probed(self, report: Report, request: ProbeRequest) -> ProbeReply:
        status, text = (200, "ok") if report.ok else (503, "failed")
        shown = (request.verbose or not report.ok) and not self._why_not(request)
        return ProbeReply(status, str(report) if shown else text)

    def _why_not(self, request: ProbeRequest) -> str | None:
        """Return why somebody is shown no details."""
        if self._local and is_local_name(request.headers.get("host", "")):
            return None
        if self._token is not None:
            return self._token.why_not(request.headers.get("authorization", ""))
        if self._local:
            return "this is shown to whoever asks for it by an address or as localhost"
        return "where others can ask, this is shown with the system's token; the system has none"

    async def _live(self) -> Report:
        dead = self._watchdog.why_dead if self._watchdog and self._readiness.started else None
        return Report((Result("loop", dead or ""),))

    async def _started(self) -> Report:
        return Report((Result("started", "" if self._readiness.started else "it is starting"),))

    def _tasks(self, verbose: bool) -> str:  # noqa: FBT001 - as the request has it
        return task_tree(self._loop, now=now(), verbose=verbose)
