import json
import re
import shlex
from html import unescape
from html.parser import HTMLParser

import pytest

from kitfox.core import Service, methods_of, rpc
from kitfox.schema import Operation, docs_page, openapi

VOID = {"meta", "link"}


class Outline(HTMLParser):
    """Reads a page: what it says, its links and ids, and whether its tags nest."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.links, self.ids, self.words, self.open = [], [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


@pytest.fixture
def outline(document):
    return Outline(docs_page(document))


def commands(page):
    return map(unescape, re.findall(r"<pre[^>]*><code>(curl.*?)</code>", page, re.DOTALL))


def test_tags_nest_and_ids_are_unique(outline):
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))


def test_every_link_inside_the_page_leads_somewhere(outline):
    inside = {link[1:] for link in outline.links if link.startswith("#")}
    assert inside - {""} <= set(outline.ids)
    assert "type-Folder" in inside


def test_the_page_needs_neither_network_nor_script(outline):
    assert not {"script", "img", "iframe", "form"} & set(outline.tags)
    outside = {link for link in outline.links if not link.startswith("#")}
    assert outside == {"data:,", "openapi.json"}


def test_every_method_is_told_with_its_route_and_its_badges(outline):
    assert "GET /users/{id}" in outline.text
    assert "POST /acme.v1.Users/Watch" in outline.text
    assert outline.text.count("idempotent") == 2
    assert "server stream" in outline.text


def test_constraints_defaults_and_descriptions_stand_beside_their_fields(outline):
    assert "integer, ≥ 1" in outline.text
    assert "string, length ≥ 1, length ≤ 50" in outline.text
    assert 'optional, "reader" when left out' in outline.text
    assert "The key of a User" in outline.text


def test_what_the_author_wrote_cannot_become_markup():
    class Evil(Service):
        @rpc
        async def ask(self, x: str = "</code><script>alert(1)</script>") -> None:
            """<script>alert(2)</script> & `<em>`"""

    (method,) = methods_of(Evil).values()
    operation = Operation(method, "POST", "/<i>")
    page = docs_page(openapi("<u>", "<s>", [operation]))
    assert not {"script", "em", "i", "u", "s"} & set(Outline(page).tags)


def test_the_examples_call_the_first_server(document):
    served = {**document, "servers": [{"url": "https://api.acme.example/rpc/"}]}
    assert all(" https://api.acme.example/rpc/" in line for line in commands(docs_page(served)))


def test_the_examples_of_a_mounted_server_name_the_whole_path(document):
    mounted = {**document, "servers": [{"url": "/rpc"}]}
    assert all(" http://127.0.0.1:8080/rpc/" in line for line in commands(docs_page(mounted)))


def test_an_example_is_a_command_that_a_shell_understands(document):
    lines = [shlex.split(line.replace("\\\n", "")) for line in commands(docs_page(document))]
    words = {line[-1].removeprefix("http://127.0.0.1:8080"): line for line in lines}
    assert words["/users/1"] == ["curl", "-X", "PUT", *words["/users/1"][3:]]
    log_in = words["/acme.v1.Users/LogIn"]
    assert set(json.loads(log_in[log_in.index("--json") + 1])) == {"user", "password"}
    assert "-N" in words["/acme.v1.Users/Watch"]
