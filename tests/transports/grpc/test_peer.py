"""Who calls, as grpcio tells it."""

import pytest

from kitfox.transports.grpc._peer import identity_of, peer_of

# What grpcio tells of somebody who has shown a certificate.
SHOWN = {"transport_security_type": [b"ssl"], "x509_pem_cert": [b"-----BEGIN"]}


@pytest.mark.parametrize(
    ("told", "peer"),
    [
        ("ipv4:127.0.0.1:4000", "127.0.0.1:4000"),
        ("ipv6:%5B::1%5D:4000", "[::1]:4000"),
        ("unix:/run/desk", "unix:/run/desk"),
        ("unix:", "unix:"),
    ],
)
def test_a_peers_address_is_written_as_anywhere(told, peer):
    assert peer_of(told) == peer


@pytest.mark.parametrize(
    ("names", "identity"),
    [
        ({"peer_dns": [b"a.example"], "peer_uri": [b"spiffe://acme/a", b"x:y"]}, "spiffe://acme/a"),
        ({"peer_dns": [b"a.example", b"b.example"], "x509_common_name": [b"A"]}, "a.example"),
        ({"x509_common_name": [b"A"], "peer_email": [b"a@example"]}, "A"),
        ({}, ""),
    ],
    ids=["a URI", "the first DNS name", "the common name", "nothing"],
)
def test_a_peer_is_known_by_the_best_of_its_names(names, identity):
    assert identity_of(SHOWN | names) == identity


def test_a_peer_that_has_shown_no_certificate_has_no_name():
    assert identity_of({"transport_security_type": [b"ssl"], "x509_common_name": [b"A"]}) == ""
