"""Every code block of README and docs does what it says."""

import importlib
import os
import sys
from types import ModuleType

import pytest

import house
import pages
from walkthrough import Walkthrough

# Pages may use fixed ports, for their readers' sake: one page at a time.
pytestmark = pytest.mark.xdist_group("pages")

PAGES = house.pages()


@pytest.fixture
def page_module(tmp_path, monkeypatch):
    """An empty folder to stand in, and a module for the page's code, both forgotten afterwards."""
    before = set(sys.modules)
    module = ModuleType("page")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    yield module
    for name in set(sys.modules) - before:
        origin = getattr(sys.modules[name], "__file__", None) or ""
        if origin.startswith(str(tmp_path) + os.sep):
            del sys.modules[name]
    importlib.invalidate_caches()


async def walk(page, folder, module):
    async with Walkthrough(folder, module) as reader:
        for block in pages.blocks(page):
            await reader.follow(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(house.ROOT)))
async def test_a_page_does_what_it_says(page, tmp_path, page_module):
    await walk(page, tmp_path, page_module)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(house.ROOT)))
def test_a_page_links_only_to_what_is_there(page):
    for target in pages.links(page):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


WALK = """
```python
# words.py
WORD = "fox"
```

```python
import asyncio
from words import WORD
await asyncio.sleep(0)
assert WORD == "fox"
```

- indented

  ```console
  $ python -c "import words, sys; print('the', words.WORD); sys.exit(3)"
  the …
  $ python -c "import time; print('ready at', 8080, flush=True); time.sleep(600)" &
  ready at …
  $ python -c "print(1); print(2); print(3)"
  1
  …
  3
  $ python -c ""
  ```
"""


@pytest.fixture
def walked(tmp_path, page_module):
    async def follow(text):
        page = tmp_path / "page.md"
        page.write_text(text)
        await walk(page, tmp_path, page_module)

    return follow


async def test_files_code_and_commands_are_followed_in_order(walked):
    await walked(WALK)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nassert False\n```",
        '```console\n$ python -c "print(1)"\n2\n```',
        '```console\n$ python -c "print(1)" &\n2\n```',
        '```console\n$ python -c "raise SystemExit(1)"\n```',
        '```console\n$ python -c "print(1); print(2)"\n1\n```',
    ],
)
async def test_a_page_that_does_not_do_what_it_shows_fails(walked, text):
    with pytest.raises(AssertionError):
        await walked(text)


@pytest.mark.parametrize("text", ["```toml\na = \n```", "```json\n{\n```", "```pyhton\n1\n```"])
async def test_a_block_that_does_not_parse_fails(walked, text):
    with pytest.raises(ValueError):
        await walked(text)
