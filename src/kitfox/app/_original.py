"""The original protocol in a configuration: where it is spoken, and by which names. Pure."""

from typing import Final

from kitfox.app._config_schema import System

ORIGINAL: Final = "original+"
"""What stands before the URL of a registry that speaks it."""

# The names that services which ship with kitfox have there.
_NAMES = {"kitfox.v1.Logs": "LogService"}


def names_in_original(system: System) -> dict[str, str]:
    """Return what services are called where the original protocol is spoken."""
    return _NAMES | dict(system.names)
