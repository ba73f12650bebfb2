"""NATS's own tools find our services, and what they have done."""

import json

import pytest
from nats.micro.service import ServiceInfo, ServicePing, ServiceStats

from kitfox.transports.nats import NATS


async def gather(client, subject, answers):
    """Ask everybody, and return what so many answered."""
    inbox = client.new_inbox()
    heard = await client.subscribe(inbox)
    await client.publish(subject, b"", inbox)
    return [json.loads((await heard.next_msg(timeout=5)).data) for _ in range(answers)]


async def test_each_instance_answers_a_ping_to_all_to_a_name_and_to_itself(serve, plain, desk):
    async with serve(desk, version="1.2.3"), serve(desk), plain() as client:
        everybody = await gather(client, "$SRV.PING", 2)
        named = await gather(client, "$SRV.PING.acme_v1_Desk", 2)
        assert sorted(everybody, key=str) == sorted(named, key=str)
        one = next(each for each in named if each["version"] == "1.2.3")
        assert await gather(client, f"$SRV.PING.acme_v1_Desk.{one['id']}", 1) == [one]
        read = ServicePing.from_dict(one)
        assert (read.name, read.metadata) == ("acme_v1_Desk", {"kitfox.service": "acme.v1.Desk"})


async def test_info_tells_where_each_method_is_asked_for(serve, plain, desk):
    async with serve(desk), plain() as client:
        (told,) = await gather(client, "$SRV.INFO.acme_v1_Desk", 1)
        read = ServiceInfo.from_dict(told)
        greet = next(each for each in read.endpoints if each.name == "Greet")
        assert greet.subject == "acme.v1.Desk.Greet"
        assert greet.queue_group == "acme.v1.Desk"
        assert greet.metadata == {"kitfox.kind": "unary", "doc": "Greet somebody."}
        assert told["type"] == "io.nats.micro.v1.info_response"


async def test_stats_count_the_calls_and_their_errors(serve, dial, plain, desk):
    async with serve(desk), dial() as mine, plain() as client:
        await mine.greet()
        await client.request("acme.v1.Desk.Greet", b'{"who": "nobody"}', timeout=5)
        (told,) = await gather(client, "$SRV.STATS.acme_v1_Desk", 1)
        greet = next(e for e in ServiceStats.from_dict(told).endpoints if e.name == "Greet")
        assert (greet.num_requests, greet.num_errors) == (2, 1)
        assert greet.last_error == "nobody is\r\nnot here"
        assert greet.processing_time >= greet.average_processing_time > 0


async def test_who_has_left_does_not_answer(serve, plain, desk):
    async with plain() as client:
        async with serve(desk, version="1.0.0"):
            pass
        async with serve(desk, version="2.0.0"):
            (told,) = await gather(client, "$SRV.PING", 1)
            assert told["version"] == "2.0.0"


@pytest.mark.parametrize("version", ["1", "v1.0.0", "1.0", "1.0.0.0", ""])
def test_a_version_that_nats_would_refuse_is_refused(version):
    with pytest.raises(ValueError, match=r"expected major\.minor\.patch"):
        NATS(version=version)
