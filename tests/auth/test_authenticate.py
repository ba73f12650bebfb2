"""Callers that are known, callers that are not, and what each is told."""

import pytest

from kitfox import Call, PermissionDenied, Unauthenticated
from kitfox.auth import Caller, Certificates, StaticTokens, authenticate, authorize, hash_token
from kitfox.core import Through

TOKENS = StaticTokens(
    {"portal": "portal-secret", "robot": hash_token("robot-secret")},
    scopes={"portal": ["grades.write"]},
)


async def test_a_caller_is_who_its_token_says(lab):
    async with lab.asking(authenticate(TOKENS)) as connection:
        assert await lab.showing(connection, "portal-secret").am_i() == "portal"
        assert await lab.showing(connection, "portal-secret").may() == ["grades.write"]
        assert await lab.showing(connection, "robot-secret").am_i() == "robot"
        assert await lab.showing(connection, "robot-secret").may() == []


@pytest.mark.parametrize("required", [True, False])
async def test_a_wrong_token_is_refused_whether_one_is_required_or_not(lab, required):
    async with lab.asking(authenticate(TOKENS, required=required)) as connection:
        for wrong in (
            "guess",
            "",
            hash_token("robot-secret"),
            "portal-secre",
            "pörtal".encode().hex(),
        ):
            with pytest.raises(Unauthenticated):
                await lab.showing(connection, wrong or "-").am_i()


async def test_a_call_that_shows_nothing_is_refused_where_callers_are_required(lab):
    async with lab.asking(authenticate(TOKENS)) as connection:
        with pytest.raises(Unauthenticated, match="asks who calls"):
            await lab.Who.client(connection).am_i()


async def test_a_call_that_shows_nothing_is_nobodys_where_callers_are_not_required(lab):
    async with lab.asking(authenticate(TOKENS, required=False)) as connection:
        assert await lab.Who.client(connection).am_i() == ""
        assert await lab.Who.client(connection).may() == []


@pytest.mark.parametrize("authorization", ["Basic cG9ydGFsOg==", "portal-secret", "Bearer"])
async def test_what_is_no_bearer_token_proves_nothing(lab, authorization):
    async with lab.asking(authenticate(TOKENS)) as connection:
        stranger = lab.Who.client(Through(connection, lab.writing(authorization=authorization)))
        with pytest.raises(Unauthenticated):
            await stranger.am_i()


async def test_the_first_way_that_knows_a_caller_decides(lab):
    class Everybody:
        async def caller(self, call, /):
            return Caller("anybody")

    async with lab.asking(authenticate(TOKENS, Everybody())) as connection:
        assert await lab.showing(connection, "portal-secret").am_i() == "portal"
        assert await lab.showing(connection, "unheard-of").am_i() == "anybody"


async def test_a_way_that_is_sure_a_caller_lies_leaves_the_last_word_to_those_that_know_it(lab):
    class Suspicious:
        async def caller(self, call, /):
            raise Unauthenticated("the token has expired")

    async with lab.asking(authenticate(Suspicious(), TOKENS)) as connection:
        assert await lab.showing(connection, "portal-secret").am_i() == "portal"
        with pytest.raises(Unauthenticated, match="expired"):
            await lab.showing(connection, "unheard-of").am_i()


def test_a_server_with_no_way_to_know_anybody_is_a_mistake():
    with pytest.raises(ValueError, match="at least one way"):
        authenticate()


async def proven(lab, name, *ways, required=True):
    """Tell who a call is by, whose wire has checked a certificate."""
    seen = []

    async def endpoint(call, message):
        seen.append((call.identity, call.scopes))

    call = Call(lab.Who.__rpc_definitions__["am_i"].method, identity=name)
    await authenticate(*ways, required=required)(endpoint)(call, None)
    return seen[0]


async def test_a_certificate_is_proof_enough_where_certificates_are_a_way(lab):
    ways = Certificates({"portal.example": ["grades.write"]})
    assert await proven(lab, "portal.example", ways) == ("portal.example", {"grades.write"})
    assert await proven(lab, "other.example", ways) == ("other.example", set())


async def test_a_certificate_of_nobody_who_is_named_may_count_for_nothing(lab):
    ways = Certificates({"portal.example": ()}, named_only=True)
    assert await proven(lab, "portal.example", ways) == ("portal.example", set())
    with pytest.raises(Unauthenticated):
        await proven(lab, "other.example", ways)


async def test_a_certificate_is_no_token(lab):
    with pytest.raises(Unauthenticated):
        await proven(lab, "portal", TOKENS)


async def test_a_method_asks_for_its_scopes(lab):
    async with lab.asking(authenticate(TOKENS, required=False), authorize()) as connection:
        assert await lab.showing(connection, "portal-secret").grade() == "portal"
        assert await lab.showing(connection, "robot-secret").am_i() == "robot"
        with pytest.raises(PermissionDenied, match="Who/Grade needs the scope"):
            await lab.showing(connection, "robot-secret").grade()
        with pytest.raises(Unauthenticated, match="nobody knows who calls"):
            await lab.Who.client(connection).grade()


async def test_a_function_may_refuse_what_scopes_allow(lab):
    policy = authorize(lambda call: call.identity == "robot")
    async with lab.asking(authenticate(TOKENS, required=False), policy) as connection:
        assert await lab.showing(connection, "robot-secret").am_i() == "robot"
        with pytest.raises(PermissionDenied, match="is not for this caller"):
            await lab.showing(connection, "portal-secret").am_i()
        with pytest.raises(Unauthenticated):
            await lab.Who.client(connection).am_i()


async def test_a_function_never_allows_what_scopes_refuse(lab):
    async with lab.asking(authenticate(TOKENS), authorize(lambda _: True)) as connection:
        with pytest.raises(PermissionDenied):
            await lab.showing(connection, "robot-secret").grade()


async def test_who_shows_no_certificate_is_nobody_to_certificates(lab):
    assert await Certificates({"": ["grades.write"]}).caller(lab.call_with()) is None
    with pytest.raises(Unauthenticated):
        await proven(lab, "", Certificates())
