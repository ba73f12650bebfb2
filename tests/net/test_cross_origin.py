"""Whether a browser sends a request on behalf of another site, by Go's rules."""

import pytest

from kitfox.net import cross_origin

HERE = {b"host": b"shop.example:8080"}


@pytest.mark.parametrize("verb", ["GET", "HEAD", "OPTIONS"])
def test_a_safe_verb_passes_from_anywhere(verb):
    assert cross_origin(verb, {b"sec-fetch-site": b"cross-site"}) is None


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, None),
        ({b"sec-fetch-site": b"same-origin"}, None),
        ({b"sec-fetch-site": b"none"}, None),
        ({b"sec-fetch-site": b"same-site"}, "Sec-Fetch-Site is same-site"),
        ({b"sec-fetch-site": b"cross-site"}, "Sec-Fetch-Site is cross-site"),
        ({b"sec-fetch-site": b"Same-Origin"}, "Sec-Fetch-Site is Same-Origin"),
        ({b"origin": b"http://shop.example:8080"}, None),
        ({b"origin": b"https://shop.example:8080"}, None),
        ({b"origin": b""}, None),
        ({b"origin": b"http://shop.example"}, "Origin is not this host"),
        ({b"origin": b"http://evil.example"}, "Origin is not this host"),
        ({b"origin": b"null"}, "Origin is not this host"),
        ({b"origin": b"http://[bad"}, "Origin is not this host"),
        ({b"origin": b"shop.example:8080"}, "Origin is not this host"),
    ],
)
def test_other_verbs_pass_when_the_browser_or_the_origin_says_so(verb, headers, why):
    assert cross_origin(verb, HERE | headers) == why


def test_what_the_browser_says_goes_before_the_origin():
    headers = HERE | {b"sec-fetch-site": b"cross-site", b"origin": b"http://shop.example:8080"}
    assert cross_origin("POST", headers) == "Sec-Fetch-Site is cross-site"


def test_an_origin_without_a_host_to_compare_is_another():
    assert cross_origin("POST", {b"origin": b"http://a"}) == "Origin is not this host"
