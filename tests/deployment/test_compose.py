"""Docker Compose takes the file, and finds in it what it needs."""

import asyncio
import json
import sys
from importlib.resources import files

import jsonschema
import pytest
import yaml

SERVICES = ("registry", "grading", "portal", "on", "quiet-one")


def test_the_compose_file_is_as_its_specification_says(gen):
    vendored = files("check_jsonschema").joinpath("builtin_schemas", "vendor", "compose-spec.json")
    schema = json.loads(vendored.read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load(gen("compose")["compose.yaml"]), schema)


def test_containers_start_in_the_order_of_needs(services):
    assert services.keys() == set(SERVICES)
    assert services["portal"]["depends_on"].keys() == {"registry", "grading"}
    assert "depends_on" not in services["registry"]
    for name, service in services.items():
        assert all("healthcheck" in services[other] for other in service.get("depends_on", {}))
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name


def test_only_what_is_for_a_browser_is_published_and_to_this_machine_alone(services):
    published = {name: each["ports"] for name, each in services.items() if "ports" in each}
    assert published == {"portal": ["127.0.0.1:8800:8800", "127.0.0.1:9000:9000"]}


def test_one_service_does_not_wait_for_those_that_are_not_there(gen):
    made = yaml.safe_load(gen("compose", "portal")["compose.yaml"])
    assert made["services"].keys() == {"portal"}
    assert "depends_on" not in made["services"]["portal"]


@pytest.mark.parametrize(("status", "exit_code"), [("200 OK", 0), ("503 Service Unavailable", 1)])
async def test_a_healthcheck_fails_when_the_service_is_not_ready(services, status, exit_code):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    words = services["portal"]["healthcheck"]["test"]
    assert words[:3] == ["CMD", "python", "-c"]
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        script = words[3].replace(":9100/readyz", f":{port}/readyz")
        check = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stderr=asyncio.subprocess.DEVNULL
        )
        assert await check.wait() == exit_code
