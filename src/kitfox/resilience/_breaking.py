"""The middleware that asks a breaker before each call."""

import random
from collections.abc import Callable

from kitfox.core import (
    Call,
    Endpoint,
    Kind,
    Middleware,
    Outcome,
    Unavailable,
    Unreachable,
    outcome_of,
)
from kitfox.resilience._adaptive_breaker import AdaptiveBreaker
from kitfox.resilience._breaker import Breaker
from kitfox.resilience._clock import loop_time


def breaker(
    policy: Breaker | None = None,
    *,
    clock: Callable[[], float] = loop_time,
    draw: Callable[[], float] = random.random,
) -> Middleware:
    """Let calls pass as `policy` says, an `AdaptiveBreaker` unless another is given.

    A call that is refused is Unavailable, with `{"reason": "breaker"}` in the details.
    """
    policy = policy or AdaptiveBreaker()

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def call_if_admitted(call: Call, message: object) -> object:
            begun = clock()
            if (admission := policy.admit(begun, draw())) is None:
                raise _refused(call, policy)
            try:
                reply = await endpoint(call, message)
            except BaseException as error:
                ended = clock()
                policy.record(admission, _outcome(call, error, ended), None, ended)
                raise
            if policy.timed and call.method.kind is Kind.UNARY:  # streams last as they like
                ended = clock()
                policy.record(admission, Outcome.GOOD, ended - begun, ended)
            else:
                policy.record(admission, Outcome.GOOD, None, begun)
            return reply

        return call_if_admitted

    return wrap


def _refused(call: Call, policy: Breaker) -> Unavailable:
    state = policy.state.value
    why = "was opened by hand" if policy.held else f"is {state}: too many calls failed"
    return Unavailable(
        f"{call.method.path}: not sent, because the breaker {why}",
        details={"reason": "breaker", "state": state},
    )


def _outcome(call: Call, error: BaseException, now: float) -> Outcome:
    """Return what counts: to refuse calls that reach nobody would spare nobody anything."""
    return Outcome.NEITHER if isinstance(error, Unreachable) else outcome_of(call, error, now)
