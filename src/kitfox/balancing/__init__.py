"""Which of several instances takes a call."""

from kitfox.balancing._balancer import Balancer as Balancer
from kitfox.balancing._candidates import Among as Among, Candidates as Candidates
from kitfox.balancing._consistent_hash import ConsistentHash as ConsistentHash
from kitfox.balancing._history import History as History
from kitfox.balancing._least_in_flight import LeastInFlight as LeastInFlight
from kitfox.balancing._node import Node as Node
from kitfox.balancing._outliers import Outliers as Outliers
from kitfox.balancing._p2c import P2C as P2C
from kitfox.balancing._prefer import Prefer as Prefer
from kitfox.balancing._random import Random as Random
from kitfox.balancing._round_robin import RoundRobin as RoundRobin
from kitfox.balancing._subset import Subset as Subset
from kitfox.balancing._weighted import Weighted as Weighted
from kitfox.core import Key as Key, by_field as by_field, by_metadata as by_metadata

__all__ = [
    "P2C",
    "Among",
    "Balancer",
    "Candidates",
    "ConsistentHash",
    "History",
    "Key",
    "LeastInFlight",
    "Node",
    "Outliers",
    "Prefer",
    "Random",
    "RoundRobin",
    "Subset",
    "Weighted",
    "by_field",
    "by_metadata",
]
