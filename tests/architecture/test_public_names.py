"""What a room offers is explained where it stands, and met by a reader of pages or examples."""

import importlib
import inspect
import re

import pytest

import house

# A list of words is no example of one.
LISTS = {"glossary.md", "rooms.md"}


def room_module(room):
    return importlib.import_module(f"kitfox.{room.replace('/', '.')}")


def has_own_docstring(value):
    """Tell whether a class or function explains itself; a value says it by its name and type."""
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return True
    doc = value.__dict__.get("__doc__") or ""
    written_by_dataclass = doc.startswith(f"{value.__name__}(")
    return bool(doc if inspect.isclass(value) else value.__doc__) and not written_by_dataclass


@pytest.fixture(scope="module")
def words():
    pages = [page for page in house.pages() if page.name not in LISTS]
    texts = [path.read_text() for path in (*pages, *house.example_files())]
    return set(re.findall(r"\w+", "\n".join(texts)))


@pytest.mark.parametrize("room", house.rooms())
def test_each_public_name_has_a_docstring(room):
    module = room_module(room)
    silent = {name for name in module.__all__ if not has_own_docstring(getattr(module, name))}
    assert not silent, silent


@pytest.mark.parametrize("room", house.rooms())
def test_each_public_name_is_met_on_a_page_or_in_an_example(room, words):
    unmet = set(room_module(room).__all__) - words
    assert not unmet, unmet
