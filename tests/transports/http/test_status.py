"""Errors as HTTP's statuses, where the code alone does not say which."""

import pytest

from kitfox import Code, InvalidArgument, Service, Unauthenticated, rpc
from kitfox.transports.http import HTTP, HTTPConnection
from kitfox.transports.http._status import error_of, status_of


class Shop(Service):
    @rpc
    async def look(self) -> None:
        raise Unauthenticated("who are you?")


async def test_whoever_says_401_says_what_to_show(fetch):
    async with HTTP(":0").listen(Shop().routes()) as url:
        json = [(b"content-type", b"application/json")]
        answer = await fetch(f"{url}/Shop/Look", "POST", headers=json, body=b"{}")
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        async with HTTPConnection(url) as connection:
            with pytest.raises(Unauthenticated, match="who are you"):
                await Shop.client(connection).look()


@pytest.mark.parametrize(
    ("details", "status"),
    [
        ({"reason": "idempotency_key_reused"}, 422),
        ({"reason": "idempotency_key_missing"}, 400),
        ({"reason": ["idempotency_key_reused"]}, 400),
        ({}, 400),
    ],
)
def test_a_reason_may_ask_for_a_status_of_its_own(details, status):
    assert status_of(InvalidArgument("no", details=details)) == status


def test_a_422_of_any_server_is_an_invalid_argument():
    assert error_of(422, b"<html>").code is Code.INVALID_ARGUMENT
