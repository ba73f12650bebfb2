"""Tokens that callers show, and what is not one."""

import pytest

from kitfox.net import SharedToken, bearer_token


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        ("Bearer sesame", "sesame"),
        ("bEARER  the secret ~ ", "the secret ~"),
        ("Bearer", ""),
        ("Bearersesame", None),
        ("Basic c2VzYW1l", None),
        ("sesame", None),
        ("", None),
    ],
)
def test_a_token_is_what_stands_after_the_word_bearer(authorization, token):
    assert bearer_token(authorization) == token


def test_who_shows_the_token_is_let_in():
    token = SharedToken(" sesame\n")  # as a file has it
    assert token.why_not("bearer sesame") is None
    assert token.matches("sesame")


@pytest.mark.parametrize("shown", ["Bearer sesam", "Bearer Sesame", "Bearer sesame2"])
def test_who_shows_another_token_is_told_that_it_is_wrong(shown):
    assert SharedToken("sesame").why_not(shown) == "the token is wrong"


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", "Basic sesame", "sesame"])
def test_who_shows_none_is_told_how_to(shown):
    assert "send 'authorization: Bearer …'" in SharedToken("sesame").why_not(shown)


@pytest.mark.parametrize("token", ["sésame", "\u2603"])
def test_a_token_need_not_be_ascii_and_a_stranger_need_not_send_utf_8(token):
    def sent(shown):
        return shown.decode("utf-8", "surrogateescape")

    assert SharedToken(token).why_not(sent(b"Bearer " + token.encode())) is None
    assert SharedToken(token).why_not(sent(b"Bearer \xff\xfe")) == "the token is wrong"


def test_an_empty_token_is_refused_when_the_server_is_made():
    with pytest.raises(ValueError, match="an empty token protects nothing"):
        SharedToken(" \n")
