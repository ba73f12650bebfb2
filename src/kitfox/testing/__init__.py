"""What tests of services are made with: time that jumps, wires that fail, a network in memory."""

from kitfox.testing._faulty_proxy import FaultyProxy as FaultyProxy
from kitfox.testing._faulty_wire import Faults as Faults, FaultyWire as FaultyWire
from kitfox.testing._host import Host as Host
from kitfox.testing._network import Network as Network
from kitfox.testing._scripted import ScriptedEndpoint as ScriptedEndpoint
from kitfox.testing._virtual_clock import (
    Deadlock as Deadlock,
    VirtualClock as VirtualClock,
    virtual_time as virtual_time,
)

__all__ = [
    "Deadlock",
    "Faults",
    "FaultyProxy",
    "FaultyWire",
    "Host",
    "Network",
    "ScriptedEndpoint",
    "VirtualClock",
    "virtual_time",
]
