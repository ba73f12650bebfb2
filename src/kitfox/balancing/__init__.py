"""Which of several instances takes a call."""

from kitfox.balancing._balancer import Balancer as Balancer, Node as Node
from kitfox.balancing._round_robin import RoundRobin as RoundRobin

__all__ = ["Balancer", "Node", "RoundRobin"]
