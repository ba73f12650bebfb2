"""Servers and the scopes of their methods."""

import pytest

from kitfox.app import Policies, Server, ServerChain, WiringError
from kitfox.auth import StaticTokens, authenticate, show
from kitfox.core import PermissionDenied, Service, Through, Unauthenticated, rpc
from kitfox.transports.memory import Memory


class Till(Service, name="acme.v1.Till"):
    @rpc
    async def look(self) -> int:
        """Return what is in it: anybody may know."""
        return 3

    @rpc(scopes=["till.write", "till.read"])
    async def take(self, coins: int) -> int:
        """Take some coins out."""
        return coins


async def test_a_server_asks_for_the_scopes_of_a_method_whatever_its_middleware_is():
    wire = Memory()
    tokens = {"ada": "secret-of-ada", "bob": "secret-of-bob"}
    who = authenticate(
        StaticTokens(tokens, scopes={"ada": ["till.read", "till.write"], "bob": ["till.read"]}),
        required=False,
    )

    def as_(name):
        async def credentials():
            return tokens[name]

        return Till.client(Through(wire, show(credentials)))

    async with Server(Till(), listeners=[wire], middleware=[who]).running():
        assert await as_("ada").take(1) == 1
        with pytest.raises(PermissionDenied, match=r"needs the scope till\.write"):
            await as_("bob").take(1)
        with pytest.raises(Unauthenticated):
            await Till.client(wire).take(1)
        assert await Till.client(wire).look() == 3


async def test_a_change_of_policies_opens_no_method_that_asks_for_scopes():
    wire, chain = Memory(), ServerChain()
    who = authenticate(StaticTokens({"ada": "secret"}), required=False)
    async with Server(Till(), listeners=[wire], middleware=[who], policies=chain).running():
        chain.replace(Policies.read({"shed": False, "maximum": False}))
        with pytest.raises(Unauthenticated):
            await Till.client(wire).take(1)


async def test_a_server_that_nobody_could_call_for_want_of_scopes_does_not_start():
    with pytest.raises(WiringError) as raised:
        async with Server(Till(), listeners=[Memory()]).running():
            pass
    assert str(raised.value).startswith(
        "/acme.v1.Till/Take asks for the scope till.read till.write, and nothing here finds out who"
    )
