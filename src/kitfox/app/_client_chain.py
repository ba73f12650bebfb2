"""What the calls of a process's clients pass, unless it is configured otherwise.

Outermost first: the default deadline, fallback, criticality carried on, hedge, retry, the service's
breaker.
Then, for each attempt, a cluster picks a node, and what guards that node is passed.
"""

import random
from collections.abc import Callable, Iterator

from kitfox.app._kept import Kept
from kitfox.app._members import Guard
from kitfox.app._policies import Policies
from kitfox.app._policy import DEADLINE, Policy, rules, seconds
from kitfox.app._policy_failure import (
    BreakerRules,
    FallbackRules,
    HedgeRules,
    InstanceBreakerRules,
    RetryRules,
)
from kitfox.app._policy_nodes import OutlierRules, made_balancer
from kitfox.app._slots import Slots
from kitfox.balancing import Among, Balancer, Node
from kitfox.core import Connection, Endpoint, Kind, Method, Middleware, chain
from kitfox.resilience import (
    Breaker,
    Breakers,
    Budget,
    Timeout,
    breaker,
    carry_criticality,
    deadline,
    fallback,
    hedge,
    retry,
)

_NUMBERS = 1 << 32


class ClientChain:
    """The policies of a process as a client, and what they have learnt.

    `breakers` are those of the process, each by its service's name, or `service/method` where a
    method has a breaker of its own, or `service/instance`. `draw`, a number from 0 up to 1, decides
    which number a client has for a `subset` that does not say it.
    """

    def __init__(
        self,
        policies: Policies | None = None,
        *,
        breakers: Breakers | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._policies = policies or Policies()
        self.breakers = Breakers() if breakers is None else breakers
        self._budgets: Kept[RetryRules, Budget] = Kept(lambda _, said: said.made_budget())
        self._own = Kept(self._breaker)
        self._slots = Slots()
        self._number = int(draw() * _NUMBERS)

    def through(self, connection: Connection) -> Connection:
        """Return a connection whose calls pass the policies of their methods."""
        return _Policed(connection, self)

    def around(self, method: Method, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint of a method with its policies around it."""
        return self._slots.around(method, endpoint, self._middleware)

    def guard(self, service: str) -> Guard | None:
        """Return what guards the nodes of a service, for its cluster."""
        said = self._policies.of(service).instance_breaker
        if (own := rules(said, InstanceBreakerRules)) is None:
            return None

        def guard(node: Node) -> Middleware:
            return breaker(self.breakers.of(f"{service}/{node.id}", own.made))

        return guard

    def balancer(self, service: str) -> Balancer:
        """Return a new balancer for a service's cluster."""
        return made_balancer(self._policies.of(service).balancer)

    def among(self, service: str) -> Among:
        """Return what the balancer of a service's cluster picks among."""
        policy = self._policies.of(service)
        outliers = rules(policy.outliers, OutlierRules)
        return Among(
            outliers=None if outliers is None else outliers.made(),
            prefer=policy.prefer.made() if policy.prefer else None,
            subset=policy.subset.made(self._number) if policy.subset else None,
        )

    def replace(self, policies: Policies) -> None:
        """Let the calls that begin from now on pass others.

        Clusters that are open keep their balancers and guards, and what they pick among. A breaker
        or a budget whose rules are the same keeps what it has learnt; one that no client passes any
        more is forgotten.
        """
        self._policies = policies
        with self._budgets.asked_anew(), self._own.asked_anew(self.breakers.forget):
            self._slots.fill(self._middleware)

    def _middleware(self, method: Method) -> Middleware:
        policy = self._policies.of(method.service, method.name)
        return chain(*self._layers(policy, method))

    def _layers(self, policy: Policy, method: Method) -> Iterator[Middleware]:
        if (default := seconds(policy.deadline, DEADLINE)) is not None:
            own = self._policies.scope("deadline", method) == name_of(method)
            yield deadline(default=limit(default, own=own))
        if policy.fallback:
            yield self._fallback(policy.fallback, method)
        yield carry_criticality()
        retries = rules(policy.retry, RetryRules)
        hedges = rules(policy.hedge, HedgeRules)
        scope = self._policies.scope("retry", method) or method.service
        budget = None if retries is None else self._budgets.of(scope, retries)
        if hedges and method.idempotent and method.kind is Kind.UNARY:
            yield hedge(hedges.made(), budget=budget)
        if retries and not method.kind.streams_requests:
            yield retry(retries.made(), budget=budget)
        if (breaks := rules(policy.breaker, BreakerRules)) is not None:
            scope = self._policies.scope("breaker", method) or method.service
            yield breaker(self._own.of(scope, breaks))

    def _fallback(self, said: FallbackRules, method: Method) -> Middleware:
        """Return what replies when nobody does: with a new message each time, for it may change."""
        policies = self._policies
        policies.substitute(method)  # what does not fit is said now
        substitute: Callable[..., object] = lambda *_: policies.substitute(method)  # noqa: E731
        return fallback(method, substitute, codes=said.made(), share=said.share)

    def _breaker(self, name: str, said: BreakerRules) -> Breaker:
        self.breakers.forget(name)
        return self.breakers.of(name, said.made)


class _Policed:
    """A connection with a chain before it."""

    def __init__(self, connection: Connection, chain_: ClientChain) -> None:
        self._connection = connection
        self._chain = chain_

    def endpoint(self, method: Method) -> Endpoint:
        """Return the connection's endpoint, with the method's policies around it."""
        return self._chain.around(method, self._connection.endpoint(method))


def name_of(method: Method) -> str:
    """Return the name of a method as tables have it."""
    return f"{method.service}/{method.name}"


def limit(length: float, *, own: bool) -> Timeout:
    """Return a limit for unary methods; one that is said of this very method holds for streams."""
    said: Callable[[Method], float] = lambda _: length  # noqa: E731
    return said if own else length
