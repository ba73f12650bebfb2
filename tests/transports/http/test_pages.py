"""What a server tells about itself."""

import json
import re

from openapi_spec_validator import OpenAPIV31SpecValidator

from kitfox.transports.http import HTTP


async def test_the_document_is_valid_openapi_and_says_every_route(book, ledger, fetch):
    routes = {ledger.get: "GET /entries/{id}"}
    async with HTTP(routes=routes, title="Books", version="3").listen(book.routes()) as url:
        answer = await fetch(f"{url}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document = json.loads(answer.body)
    OpenAPIV31SpecValidator(document).validate()
    assert document["info"]["title"] == "Books"
    assert set(document["paths"]) == {
        "/entries/{id}",
        "/acme.v1.Ledger/Put",
        "/acme.v1.Ledger/Follow",
        "/acme.v1.Ledger/Wait",
        "/acme.v1.Ledger/WaitOn",
    }


async def test_the_page_needs_no_network_and_says_so_to_the_browser(book, fetch):
    async with HTTP().listen(book.routes()) as url:
        answer = await fetch(f"{url}/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|unsafe-eval|\*", policy)
    page = answer.body.decode()
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert "<script src" not in page
    assert "Ledger" in page


async def test_probes_say_alive_always_and_ready_when_told(book, fetch):
    ready = []
    async with HTTP(ready=lambda: bool(ready)).listen(book.routes()) as url:
        assert (await fetch(f"{url}/livez")).status == 200
        assert (await fetch(f"{url}/startupz")).status == 200
        answer = await fetch(f"{url}/readyz")
        assert (answer.status, answer.body) == (503, b"not ready\n")
        ready.append(True)
        assert (await fetch(f"{url}/readyz")).status == 200
        assert (await fetch(f"{url}/livez", "HEAD")).status == 200
