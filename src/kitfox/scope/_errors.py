"""Why a scope has ended, as errors."""


class ScopeEnded(Exception):
    """A scope is over: its work is not wanted any more."""


class ScopeCancelled(ScopeEnded):
    """Somebody cancelled the scope, or one around it; or its block was left."""


class ScopeTimeout(ScopeEnded, TimeoutError):
    """The scope's deadline passed, or that of one around it."""
