"""For whom a service calls, and who is believed."""

import pytest
from hypothesis import given, strategies as st

from kitfox import Call, InvalidArgument, PermissionDenied, Service, Unauthenticated, rpc
from kitfox.auth import Caller, StaticTokens, authenticate, authorize, forward_identity
from kitfox.auth._behalf import _written, speak_for
from kitfox.core import Through, method_of

USERS = StaticTokens(
    {"ada": "ada-token", "übér user/1": "odd-token"},
    scopes={"ada": ["grades.write", "ada only"], "übér user/1": ["a;b", "c d"]},
)
SERVICES = StaticTokens(
    {"portal": "portal-token", "robot": "robot-token"},
    scopes={"portal": ["grades.write", "a;b", "c d"], "robot": ["grades.write"]},
)


class Portal(Service):
    """Calls on behalf of whoever calls it."""

    def __init__(self, who):
        self._who = who

    @rpc
    async def relay(self) -> str:
        return await self._who.am_i()

    @rpc
    async def relay_scopes(self) -> list[str]:
        return await self._who.may()


def as_portal(lab, connection, *middleware):
    return Through(connection, *middleware, lab.writing(authorization="Bearer portal-token"))


@pytest.fixture
async def portal(lab):
    """Serve a portal that tells another service for whom it calls."""
    far = lab.asking(authenticate(SERVICES, forwarders=["portal"], required=False), authorize())
    async with far as connection:
        inner = Portal(lab.Who.client(as_portal(lab, connection, forward_identity())))
        async with lab.asking(authenticate(USERS, required=False), service=inner) as near:
            yield near


def user(lab, portal, token):
    return Portal.client(Through(portal, lab.writing(authorization=f"Bearer {token}")))


async def test_the_far_service_knows_for_whom_a_trusted_one_calls(lab, portal):
    assert await user(lab, portal, "ada-token").relay() == "ada"


async def test_a_forwarder_lends_nobody_rights_that_it_has_not_nor_its_own(lab, portal):
    assert await user(lab, portal, "ada-token").relay_scopes() == ["grades.write"]


async def test_names_and_scopes_of_any_letters_arrive_whole(lab, portal):
    assert await user(lab, portal, "odd-token").relay() == "übér user/1"
    assert await user(lab, portal, "odd-token").relay_scopes() == ["a;b", "c d"]


async def test_somebody_unknown_is_not_taken_for_the_service_that_calls_for_him(portal):
    assert await Portal.client(portal).relay() == ""
    assert await Portal.client(portal).relay_scopes() == []


async def test_somebody_unknown_is_refused_where_callers_are_required(lab):
    async with lab.asking(authenticate(SERVICES, forwarders=["portal"])) as connection:
        with pytest.raises(Unauthenticated, match="somebody whom it does not know"):
            await lab.Who.client(
                Through(as_portal(lab, connection), lab.writing(kitfox_on_behalf_of=";"))
            ).am_i()


async def test_calls_that_no_handler_makes_are_the_services_own(lab):
    async with lab.asking(authenticate(SERVICES, forwarders=["portal"])) as connection:
        own = lab.Who.client(as_portal(lab, connection, forward_identity()))
        assert await own.am_i() == "portal"


@given(
    identity=st.text(st.characters(codec="utf-8"), min_size=1),
    scopes=st.frozensets(st.text(st.characters(codec="utf-8"), min_size=1)),
)
def test_any_name_and_any_scopes_arrive_as_they_were_sent(identity, scopes):
    call = Call(method_of(Portal.relay), identity="portal")
    call.scopes = scopes
    call.metadata["kitfox-on-behalf-of"] = _written(Caller(identity, scopes))
    speak_for(call, frozenset({"portal"}), required=True)
    assert (call.identity, call.scopes) == (identity, scopes)


@pytest.mark.parametrize("forwarders", [(), ("portal",), ("",)])
async def test_nobody_else_is_believed(lab, forwarders):
    async with lab.asking(
        authenticate(SERVICES, forwarders=forwarders, required=False)
    ) as connection:
        robot = Through(connection, lab.writing(authorization="Bearer robot-token"))
        for stranger in (robot, connection):
            forged = Through(stranger, lab.writing(kitfox_on_behalf_of="ada;grades.write"))
            with pytest.raises(PermissionDenied, match="may not call for others"):
                await lab.Who.client(forged).am_i()


@pytest.mark.parametrize("nonsense", ["ada", "%ff;", "%ed%a0%80;a", "ada;%ff"])
async def test_a_forwarder_that_writes_nonsense_is_told_so(lab, nonsense):
    async with lab.asking(authenticate(SERVICES, forwarders=["portal"])) as connection:
        with pytest.raises(InvalidArgument, match=r"expected (an identity|UTF-8)"):
            await lab.Who.client(
                Through(as_portal(lab, connection), lab.writing(kitfox_on_behalf_of=nonsense))
            ).am_i()


async def test_a_service_that_is_not_told_to_tells_nobody_for_whom_it_calls(lab):
    async with lab.asking(authenticate(SERVICES, forwarders=["portal"])) as connection:
        inner = Portal(lab.Who.client(as_portal(lab, connection)))
        async with lab.asking(authenticate(USERS), service=inner) as near:
            assert await user(lab, near, "ada-token").relay() == "portal"


async def test_a_token_alone_is_enough_for_the_far_service(lab):
    async with lab.asking(authenticate(SERVICES)) as connection:
        assert await lab.showing(connection, "robot-token").am_i() == "robot"
