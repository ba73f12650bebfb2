"""The policies of a whole process."""

from kitfox.app._client_chain import ClientChain
from kitfox.app._policies import Policies
from kitfox.app._server_chain import ServerChain


class Chains:
    """One chain for all clients of a process, and one for each of its servers."""

    def __init__(self, policies: Policies | None = None) -> None:
        self._policies = policies or Policies()
        self._servers: list[ServerChain] = []
        self.client = ClientChain(self._policies)

    def server(self) -> ServerChain:
        """Return the chain of one more server."""
        chain = ServerChain(self._policies)
        self._servers.append(chain)
        return chain

    def replace(self, policies: Policies) -> None:
        """Let the calls that begin from now on, at either side, pass others."""
        self._policies = policies
        self.client.replace(policies)
        for server in self._servers:
            server.replace(policies)
