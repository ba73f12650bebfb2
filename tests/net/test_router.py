"""Which target answers a verb and a path."""

import pytest
from hypothesis import given, strategies as st

from kitfox.net import Router, template_names


@pytest.fixture
def router():
    return Router()


def test_names_catch_the_texts_that_stand_in_their_place(router):
    router.add("GET", "/users/{id}/posts/{post}", "posts")
    assert router.find("GET", "/users/7/posts/a b") == ("posts", {"id": "7", "post": "a b"})


@pytest.mark.parametrize("path", ["/users", "/users/", "/users/7/", "users/7", "/users/7/8", ""])
def test_a_path_matches_whole_and_no_name_is_empty(router, path):
    router.add("GET", "/users/{id}", "user")
    assert router.find("GET", path) is None
    assert router.verbs(path) == ()


@pytest.mark.parametrize("order", [1, -1])
def test_a_literal_wins_over_a_name_whichever_came_first(router, order):
    for template in ["/users/{id}", "/users/me", "/{any}/me", "/users/{id}/{x}", "/users/{id}/x"][
        ::order
    ]:
        router.add("GET", template, template)
    assert router.find("GET", "/users/me") == ("/users/me", {})
    assert router.find("GET", "/users/7") == ("/users/{id}", {"id": "7"})
    assert router.find("GET", "/teams/me") == ("/{any}/me", {"any": "teams"})
    assert router.find("GET", "/users/7/x") == ("/users/{id}/x", {"id": "7"})


def test_what_means_something_in_a_pattern_is_a_letter_like_any_other(router):
    router.add("GET", "/a.b/(c)*/{x}", "odd")
    assert router.find("GET", "/a.b/(c)*/1") == ("odd", {"x": "1"})
    assert router.find("GET", "/aXb/c/1") is None


def test_head_is_answered_by_get_unless_it_has_a_target(router):
    router.add("GET", "/a", "get")
    assert router.find("HEAD", "/a") == ("get", {})
    assert router.verbs("/a") == ("GET", "HEAD")
    router.add("HEAD", "/a", "head")
    assert router.find("HEAD", "/a") == ("head", {})
    assert router.verbs("/a") == ("GET", "HEAD")


def test_verbs_are_those_that_the_path_has(router):
    router.add("PUT", "/a/{x}", 1)
    router.add("DELETE", "/a/b", 2)
    assert router.verbs("/a/b") == ("DELETE", "PUT")
    assert router.verbs("/a/c") == ("PUT",)
    assert router.find("GET", "/a/b") is None


def test_two_templates_of_one_shape_are_refused(router):
    router.add("GET", "/users/{id}", 1)
    with pytest.raises(ValueError, match=r"two targets for GET /users/\{name\}"):
        router.add("GET", "/users/{name}", 2)
    router.add("PUT", "/users/{name}", 3)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("users", "expected it to start with '/'"),
        ("", "expected it to start with '/'"),
        ("/users/{id", "a name takes a whole segment"),
        ("/users/n{id}", "a name takes a whole segment"),
        ("/users/{}", "a name takes a whole segment"),
        ("/users/{1}", "a name takes a whole segment"),
        ("/users/{a}{b}", "a name takes a whole segment"),
    ],
)
def test_a_malformed_template_is_refused(template, words):
    with pytest.raises(ValueError, match=words):
        template_names(template)


segments = st.lists(st.sampled_from(["a", "b", "{x}", "{y}"]), min_size=1, max_size=3)
paths = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3)


def fits(template, path):
    return len(template) == len(path) and all(
        part.startswith("{") or part == given for part, given in zip(template, path, strict=True)
    )


def shape(template):
    return tuple("{}" if part.startswith("{") else part for part in template)


@given(st.lists(segments, max_size=8, unique_by=shape), paths)
def test_a_path_finds_the_most_literal_of_the_templates_that_fit(templates, path):
    router = Router()
    for template in templates:
        router.add("GET", "/" + "/".join(template), template)
    fitting = [template for template in templates if fits(template, path)]
    best = min(fitting, key=lambda t: [part.startswith("{") for part in t], default=None)
    found = router.find("GET", "/" + "/".join(path))
    assert (found and found[0]) == best
