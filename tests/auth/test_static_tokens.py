"""Secrets given to callers, one or several each."""

import pytest

from kitfox.auth import StaticTokens, hash_token


async def name_of(lab, tokens, shown):
    caller = await tokens.caller(lab.call_with(shown))
    return caller and caller.identity


async def test_a_caller_may_have_two_tokens_while_one_is_changed(lab):
    tokens = StaticTokens({"portal": ["old-one", hash_token("new-one")]})
    assert (
        await name_of(lab, tokens, "old-one") == await name_of(lab, tokens, "new-one") == "portal"
    )


async def test_the_hash_of_a_token_is_no_token(lab):
    tokens = StaticTokens({"portal": hash_token("secret")})
    assert await name_of(lab, tokens, hash_token("secret")) is None


async def test_a_call_without_a_token_is_another_ways_business(lab):
    assert await StaticTokens({"portal": "secret"}).caller(lab.call_with()) is None


@pytest.mark.parametrize(
    ("tokens", "complaint"),
    [
        ({"portal": " "}, "portal is empty"),
        ({"portal": []}, "portal has no token"),
        ({"": "secret"}, "needs a name"),
        ({"portal": "same", "robot": hash_token("same")}, "portal and robot have the same"),
        ({"portal": "sha256:abc"}, "64 hexadecimal digits"),
        ({"portal": "sha256:" + "x" * 64}, "64 hexadecimal digits"),
    ],
)
def test_tokens_that_protect_nothing_are_refused(tokens, complaint):
    with pytest.raises(ValueError, match=complaint):
        StaticTokens(tokens)


def test_scopes_are_of_callers_there_are():
    with pytest.raises(ValueError, match="there is no token for robto"):
        StaticTokens({"robot": "secret"}, scopes={"robto": ["a"]})


def test_no_secret_is_shown_by_what_holds_it():
    tokens = StaticTokens({"portal": "the-secret"})
    assert "the-secret" not in f"{tokens!r} {vars(tokens)}"


def test_a_complaint_does_not_repeat_the_token():
    with pytest.raises(ValueError) as caught:
        StaticTokens({"portal": "sha256:the-secret"})
    assert "the-secret" not in str(caught.value)
