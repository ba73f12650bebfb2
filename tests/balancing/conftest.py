"""A client and its servers in virtual time: what balancers do is seen without waiting for it."""

import heapq
import random
from collections import Counter
from dataclasses import dataclass
from itertools import count

import pytest

from kitfox.balancing import Among, Candidates, Node
from kitfox.core import Call, Kind, Method, Outcome

METHOD = Method("a.B", "C", Kind.UNARY, int, int)
BEGIN = 1000.0


@dataclass
class Went:
    """One call, as it went."""

    node: str
    seconds: float
    outcome: Outcome


def shares_of(calls):
    """Give the part of the calls that each node took."""
    counts = Counter(call.node for call in calls)
    return {name: count / len(calls) for name, count in counts.items()}


def percentile(calls, part):
    """Give the length that such a part of the calls did not exceed, in seconds."""
    return sorted(call.seconds for call in calls)[int(part * len(calls))]


class World:
    """Five nodes, and a client that calls at random, so many times a second, by a seed.

    A call takes `mean` seconds on average, one in 300 ten times that; a node does any number at a
    time. What is put in `special` decides for its node: it is given that length, and returns the
    true one and the outcome.
    """

    def __init__(self, make_balancer, *, among=None, mean=0.001, seed=1):
        self.random = random.Random(seed)
        self.now = BEGIN
        self.nodes = [Node(name) for name in "abcde"]
        self.special = {}
        self.candidates = Candidates(among or Among(outliers=None), draw=self.random.random)
        self.candidates.replace(self.nodes)
        self._mean = mean
        self._balancer = make_balancer(draw=self.random.random)
        self._running = []
        self._number = count()

    def run(self, seconds, *, rate):
        """Go on for so long; return the calls that began meanwhile."""
        calls, end = [], self.now + seconds
        while self.now < end:
            self._end_until(self.now)
            calls.append(self._begin())
            self.now += self.random.expovariate(rate)
        return calls

    def _begin(self):
        node = self._balancer.pick(self.candidates.at(self.now), Call(METHOD), None, self.now)
        node.admit(self.now)
        went = self._goes(node.id)
        entry = (self.now + went.seconds, next(self._number), node, went)
        heapq.heappush(self._running, entry)
        return went

    def _goes(self, name):
        seconds = self._mean * (0.5 + self.random.expovariate(2.0))
        if self.random.random() < 1 / 300:
            seconds *= 10
        special = self.special.get(name, lambda seconds: (seconds, Outcome.GOOD))
        return Went(name, *special(seconds))

    def _end_until(self, now):
        while self._running and self._running[0][0] <= now:
            at, _, node, went = heapq.heappop(self._running)
            node.record(went.outcome, went.seconds, at)
            self.candidates.review(node, at)


@pytest.fixture
def world():
    """Make a world."""
    return World


@pytest.fixture
def measure():
    """Give the shares of the nodes, and a percentile."""
    return shares_of, percentile


@pytest.fixture
def call():
    return Call(METHOD)


@pytest.fixture
def picks(call):
    """Let a balancer pick so many times while nothing runs; count who was picked."""

    def count_picks(balancer, nodes, times, message=None):
        return Counter(balancer.pick(nodes, call, message, BEGIN).id for _ in range(times))

    return count_picks
