"""The few words of ASGI: a request's path, its body, a whole reply."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given, strategies as st

from kitfox.net import SLASH, BadPath, BodyTooLarge, ClientGone, path_of, read_body, with_slashes


def told(*events):
    """Make a `receive` that tells these events and then that the client left."""
    left = [*events]

    async def receive():
        return left.pop(0) if left else {"type": "http.disconnect"}

    return receive


def part(body, *, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    "events",
    [
        [part(b"abc")],
        [part(b"a", more=True), part(b"bc")],
        [part(b"abc", more=True), part(b"")],
        [part(b"", more=True), part(b"", more=True), part(b"abc")],
        [{"type": "http.request", "more_body": True}, part(b"abc")],
    ],
)
async def test_a_body_is_read_whole_however_it_comes(events):
    assert await read_body(told(*events), 3) == b"abc"


async def test_a_request_may_have_no_body():
    assert await read_body(told({"type": "http.request"}), 0) == b""


@pytest.mark.parametrize("events", [[], [part(b"a", more=True)]])
async def test_a_client_that_leaves_before_the_end_is_gone(events):
    with pytest.raises(ClientGone):
        await read_body(told(*events), 10)


@pytest.mark.parametrize("events", [[part(b"abcd")], [part(b"ab", more=True), part(b"cd")]])
async def test_a_body_over_the_limit_is_not_read_on(events):
    with pytest.raises(BodyTooLarge, match="longer than 3 bytes"):
        await read_body(told(*events), 3)


def scope(raw, root="", path=None):
    path = unquote(raw) if path is None else path
    return {"path": path, "raw_path": raw.encode("latin-1"), "root_path": root}


@pytest.mark.parametrize(
    ("raw", "root", "path"),
    [
        ("/a", "", "/a"),
        ("/rpc/a", "/rpc", "/a"),
        ("/rpc/a", "/rpc/", "/a"),
        ("/rpc", "/rpc", "/"),
        ("/rpc/", "/rpc", "/"),
        ("/rpcs/a", "/rpc", "/rpcs/a"),
        ("/a", "/rpc", "/a"),
        ("/r%C3%A4/a", "/rä", "/a"),
        ("/a%2Fb/c", "", f"/a{SLASH}b/c"),
        ("/a%2fb", "", f"/a{SLASH}b"),
        ("/a%252Fb", "", "/a%2Fb"),
        ("/%C3%BC", "", "/ü"),
        ("/%zz", "", "/%zz"),
    ],
)
def test_a_path_is_what_stands_below_the_mount(raw, root, path):
    assert path_of(scope(raw, root)) == path


@pytest.mark.parametrize("raw", ["/%ff", "/a/%C3", "/%ed%a0%80", "/%00", "/a%2F%00"])
def test_a_path_that_is_no_text_is_refused(raw):
    with pytest.raises(BadPath):
        path_of(scope(raw))


def test_a_path_that_was_rewritten_on_its_way_is_taken_as_it_is():
    assert path_of(scope("/old%2Fpath", path="/new")) == "/new"
    assert path_of({"path": "/a"}) == "/a"
    assert path_of({"path": "/a b", "raw_path": None}) == "/a b"


@given(st.lists(st.text(min_size=1).filter(lambda text: SLASH not in text), min_size=1))
def test_any_texts_can_stand_in_a_path(texts):
    texts = [text.encode("utf-8", "ignore").decode() or "x" for text in texts]
    raw = "/" + "/".join(quote(text, safe="") for text in texts)
    segments = path_of(scope(raw))[1:].split("/")
    assert list(with_slashes(dict(enumerate(segments))).values()) == texts
