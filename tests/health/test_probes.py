"""Probes over their own port, with the loop free and with the loop blocked."""

import asyncio
import http.client
import socket
import threading
from contextlib import closing

import pytest

from kitfox import fail_after
from kitfox.health import Check, Checks, Probes, Readiness, Watchdog
from kitfox.net import bind

PATIENCE = 10.0


def ask(address, path="/livez", verb="GET", **headers):
    """Ask as a probe does, in whatever thread; returns the status and the text."""
    with closing(http.client.HTTPConnection(address, timeout=PATIENCE)) as connection:
        connection.request(verb, path, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


async def asked(*args, **more):
    async with fail_after(PATIENCE):
        return await asyncio.to_thread(ask, *args, **more)


def raw(address, data):
    """Send bytes, and return all that comes back."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(data)
        with connection.makefile("rb") as reader:
            return reader.read()


@pytest.fixture
def readiness():
    made = Readiness()
    made.set(ready=True)
    return made


async def broken():
    raise ConnectionError("postgres://user:secret@db")


async def test_the_three_probes_are_answered(readiness):
    async with Probes("127.0.0.1:0", readiness) as address:
        for path in ("/livez", "/readyz", "/startupz"):
            assert await asked(address, path) == (200, "ok\n")
        assert await asked(address, "/livez", "HEAD") == (200, "")
        assert (await asked(address, "/livez", "POST"))[0] == 405
        assert (await asked(address, "/nowhere"))[0] == 404


async def test_before_the_start_it_lives_and_after_it_it_has_started_for_ever():
    readiness = Readiness()
    async with Probes("127.0.0.1:0", readiness) as address:
        assert (await asked(address, "/livez"))[0] == 200
        assert (await asked(address, "/startupz"))[0] == 503
        assert await asked(address, "/readyz") == (
            503,
            "[-] serving 0.0 ms: it is starting\nfailed\n",
        )
        readiness.set(ready=True)
        assert (await asked(address, "/readyz"))[0] == 200
        readiness.set(ready=False)
        assert (await asked(address, "/readyz"))[0] == 503
        assert (await asked(address, "/startupz"))[0] == 200


async def test_verbose_lists_each_check(readiness):
    readiness.checks.add(Check("database", broken))
    async with Probes("127.0.0.1:0", readiness) as address:
        status, text = await asked(address, "/readyz?verbose")
    assert status == 503
    serving, database, end = text.splitlines()
    assert serving == "[+] serving 0.0 ms: ok"
    assert database.startswith("[-] database ")
    assert database.endswith(": ConnectionError: postgres://user:secret@db")
    assert end == "failed"


async def test_a_blocked_loop_is_alive_until_it_is_dead_and_never_ready(readiness):
    watchdog = Watchdog(dump_after=0.3, dead_after=2.0)
    async with watchdog, Probes("127.0.0.1:0", readiness, watchdog=watchdog) as address:
        seen, done = [], threading.Event()

        def probe():
            seen.extend([ask(address, "/livez"), ask(address, "/debug/tasks")])
            seen.append(ask(address, "/readyz"))
            while (answer := ask(address, "/livez"))[0] == 200:
                pass
            seen.append(answer)
            done.set()

        prober = threading.Thread(target=probe)
        prober.start()
        assert done.wait(PATIENCE), seen  # and the loop does nothing else
        prober.join()
        assert (await asked(address, "/readyz"))[0] == 200
        async with fail_after(PATIENCE):
            while (await asked(address, "/livez"))[0] != 200:
                pass
    alive, tasks, ready, dead = seen
    assert alive == (200, "ok\n")
    assert ": runs" in tasks[1]
    assert ready[0] == 503
    assert "the event loop does not answer" in ready[1]
    assert dead[0] == 503
    assert "the event loop has been blocked for" in dead[1]


async def test_a_loop_that_is_blocked_before_the_start_is_not_dead():
    watchdog, seen, done = Watchdog(dump_after=0.05, dead_after=0.05), [], threading.Event()
    async with watchdog, Probes("127.0.0.1:0", Readiness(), watchdog=watchdog) as address:

        def probe():
            while watchdog.why_dead is None:
                done.wait(0.005)
            seen.append(ask(address, "/livez"))
            done.set()

        prober = threading.Thread(target=probe)
        prober.start()
        assert done.wait(PATIENCE)  # and the loop does nothing else
        prober.join()
    assert seen == [(200, "ok\n")]


async def test_where_others_reach_it_details_are_for_those_with_the_token(readiness):
    readiness.checks.add(Check("database", broken))
    asks = [("/readyz?verbose", 503), ("/debug/tasks", 401), ("/debug/stacks", 401)]
    token = {"Authorization": "Bearer open sesame"}
    async with Probes("0.0.0.0:0", readiness, token="open sesame") as everywhere:
        address = everywhere.replace("0.0.0.0", "127.0.0.1")
        for path, status in asks:
            for headers in ({}, {"Authorization": "Bearer wrong"}):
                found = await asked(address, path, **headers)
                assert found[0] == status
                assert "secret" not in found[1]
        assert "secret" in (await asked(address, "/readyz", **token))[1]
        assert (await asked(address, "/debug/tasks?verbose", **token))[0] == 200
        assert "thread kitfox-probes" in (await asked(address, "/debug/stacks", **token))[1]


async def test_where_others_reach_it_and_there_is_no_token_there_are_no_details(readiness):
    readiness.checks.add(Check("database", broken))
    async with Probes("0.0.0.0:0", readiness) as everywhere:
        address = everywhere.replace("0.0.0.0", "127.0.0.1")
        assert await asked(address, "/readyz?verbose") == (503, "failed\n")
        assert await asked(address, "/debug/tasks") == (
            403,
            "where others can ask, this is shown with the system's token; the system has none\n",
        )


async def test_a_web_page_with_a_name_for_the_loopback_is_shown_nothing(readiness):
    async with Probes(":0", readiness) as address:
        assert await asked(address, "/debug/stacks", Host="evil.example") == (
            403,
            "this is shown to whoever asks for it by an address or as localhost\n",
        )
        assert await asked(address, "/livez?verbose", Host="evil.example") == (200, "ok\n")
        assert (await asked(address, "/debug/stacks", Host="localhost:9000"))[0] == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /livez HTTP/2\r\n\r\n", b"400"),
        (b"GET /livez HTTP/1.1\r\na b\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 9000, b"400"),
        (b"GET /livez HTTP/1.1\r\na: " + b"x" * 9000 + b"\r\n\r\n", b"400"),
    ],
)
async def test_what_is_no_request_is_refused_and_the_connection_closed(readiness, data, status):
    async with Probes(":0", readiness) as address:
        reply = await asyncio.to_thread(raw, address, data)
        assert reply.startswith(b"HTTP/1.1 " + status)


async def test_a_condition_that_raises_is_an_error_of_ours_and_told_to_nobody(readiness, caplog):
    readiness.require(lambda: {}["key"])
    async with Probes(":0", readiness) as address:
        assert await asked(address, "/readyz") == (500, "internal error\n")
        assert await asked(address, "/livez") == (200, "ok\n")
    assert "the probe /readyz failed" in caplog.text


async def test_those_that_say_nothing_do_not_keep_others_from_an_answer(readiness):
    async with Probes(":0", readiness) as address:
        host, _, port = address.rpartition(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(40)]
        try:
            assert (await asked(address, "/readyz"))[0] == 200
        finally:
            for each in idle:
                each.close()


async def test_connections_above_the_limit_are_closed(readiness):
    async with Probes(":0", readiness) as address:
        host, _, port = address.rpartition(":")
        idle = [socket.create_connection((host, int(port)), timeout=PATIENCE) for _ in range(65)]
        try:
            with pytest.raises(ConnectionError):
                await asyncio.to_thread(refused, idle[-1])
            idle[0].setblocking(False)
            with pytest.raises(BlockingIOError):  # it is still heard
                idle[0].recv(1)
        finally:
            for each in idle:
                each.close()


def refused(connection):
    if not connection.recv(1):
        raise ConnectionResetError


async def test_probes_wait_for_a_port_that_another_has(readiness, caplog, eventually):
    other = bind("127.0.0.1:0")
    port = other.getsockname()[1]
    async with Probes(f":{port}", readiness) as address:
        assert address == f":{port}"
        assert "the probes wait for it" in caplog.text
        other.close()

        def answered():
            try:
                return ask(f"127.0.0.1:{port}") == (200, "ok\n")
            except ConnectionRefusedError:
                return False

        async with fail_after(PATIENCE):
            while not await asyncio.to_thread(answered):
                pass


async def test_probes_that_never_had_their_port_end_all_the_same(readiness):
    with closing(bind("127.0.0.1:0")) as other:
        async with Probes(f":{other.getsockname()[1]}", readiness):
            pass


async def test_a_unix_socket_is_as_good_as_a_loopback_address(readiness, tmp_path):
    path = tmp_path / "probes"

    def told():
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(path))
            connection.sendall(b"GET /debug/tasks HTTP/1.1\r\nhost: localhost\r\n\r\n")
            with connection.makefile("rb") as reader:
                return reader.read()

    async with Probes(f"unix:{path}", readiness):
        assert (await asyncio.to_thread(told)).startswith(b"HTTP/1.1 200 OK")


async def test_one_question_is_put_however_many_ask_and_the_end_waits_for_no_answer(readiness):
    questions, asked_for, go = [], [], asyncio.Event()

    def required():
        questions.append(1)
        return True

    async def slow():
        asked_for.append(1)
        await go.wait()

    readiness.require(required)
    readiness.checks.add(Check("slow", slow, timeout=5))
    async with Probes(":0", readiness) as address:
        probes = [asyncio.create_task(asyncio.to_thread(drop, address)) for _ in range(10)]
        async with fail_after(PATIENCE):
            while not asked_for:
                await asyncio.sleep(0.001)
            await asyncio.gather(*probes)
    go.set()
    assert (questions, asked_for) == ([1], [1])


def drop(address):
    """Ask, and go away."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize("address", ["9000", "localhost", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match="address"):
        Probes(address, Readiness(Checks()))


async def test_probes_are_entered_once_at_a_time(readiness):
    probes = Probes(":0", readiness)
    async with probes:
        with pytest.raises(RuntimeError, match="already"):
            await probes.__aenter__()
