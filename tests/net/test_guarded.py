"""Where somebody must ask who comes."""

import pytest

from kitfox.net import TLS, check_guarded

ANYBODY = {"tls": None, "token": None, "public": False}
OPEN = "0.0.0.0:80"


@pytest.mark.parametrize(
    ("address", "guards"),
    [
        (":80", {}),
        ("[::1]:80", {}),
        ("unix:/run/users.sock", {}),
        (OPEN, {"public": True}),
        (OPEN, {"token": "sesame"}),
        (OPEN, {"tls": TLS(client_ca="ca.pem")}),
    ],
)
def test_what_others_cannot_reach_or_somebody_guards_may_be_listened_at(address, guards):
    check_guarded(address, **ANYBODY | guards)


@pytest.mark.parametrize(
    ("address", "guards", "why"),
    [
        (OPEN, {}, "give token='…', a TLS with client_ca='…', or public=True"),
        ("users.example:80", {"tls": TLS()}, "can be reached from other machines"),
        (OPEN, {"token": " "}, "an empty token protects nothing"),
        ("unix:/run/users.sock", {"tls": TLS()}, "nobody listens in: give no tls"),
        ("80", {"public": True}, "has no port"),
    ],
)
def test_what_stands_open_without_a_word_is_refused(address, guards, why):
    with pytest.raises(ValueError, match=why):
        check_guarded(address, **ANYBODY | guards)
