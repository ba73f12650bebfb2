"""The policies of a whole process."""

from collections.abc import Iterable

from kitfox.app._client_chain import ClientChain
from kitfox.app._policies import Policies
from kitfox.app._server_chain import ServerChain
from kitfox.core import Method


class Chains:
    """One chain for all clients of a process, and one for each of its servers."""

    def __init__(self, policies: Policies | None = None) -> None:
        self._policies = policies or Policies()
        self._servers: list[ServerChain] = []
        self._methods: list[Method] = []
        self.client = ClientChain(self._policies)

    def server(self) -> ServerChain:
        """Return the chain of one more server."""
        chain = ServerChain(self._policies)
        self._servers.append(chain)
        return chain

    @property
    def services(self) -> frozenset[str]:
        """The services that are served or called here, by their names."""
        return frozenset(method.service for method in self._methods)

    def check(self, methods: Iterable[Method], where: str = "") -> None:
        """Note what is served or called here, and raise ConfigError for a policy of what is not."""
        self._methods.extend(methods)
        self._policies.check_methods(self._methods, where)

    def replace(self, policies: Policies, where: str = "") -> None:
        """Let the calls that begin from now on, at either side, pass others.

        `where` is what they were read from. Raises ConfigError, as `check` does; then the old ones
        stay.
        """
        policies.check_methods(self._methods, where)
        self._policies = policies
        self.client.replace(policies)
        for server in self._servers:
            server.replace(policies)
