"""The command `kitfox`: one file for each of its commands."""

from kitfox.cli._main import main as main

__all__ = ["main"]
