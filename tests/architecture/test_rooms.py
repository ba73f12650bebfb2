"""A room lists what is public, and the floor plan lists the rooms."""

import ast
import importlib
import re
import subprocess
import sys

import pytest

import house

ROOMS = house.rooms()
# What `import kitfox` may bring along from outside; everything else waits until it is used.
LIGHT = {"kitfox", "msgspec", "typing_extensions"}  # msgspec takes the last one if it is there


def init_of(room):
    return ast.parse((house.SOURCE / room / "__init__.py").read_text())


def imported_names(tree):
    froms = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [alias.asname or alias.name for node in froms for alias in node.names]


def declared_names(tree):
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return None


def test_the_house_has_rooms():
    assert "core" in ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_lists_its_public_names_once_and_all_of_them(room):
    tree = init_of(room)
    assert ast.get_docstring(tree), "the room's docstring says what it is for"
    declared = declared_names(tree)
    assert declared is not None, "the room has no __all__"
    assert sorted(declared) == sorted(set(imported_names(tree)))
    assert len(declared) == len(set(declared))
    assert not [name for name in declared if name.startswith("_")]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_opens_and_each_name_on_its_list_is_there(room):
    module = importlib.import_module(f"kitfox.{room.replace('/', '.')}")
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_only_opens_the_door_in_its_init(room):
    kinds = {type(node) for node in init_of(room).body}
    assert kinds <= {ast.Expr, ast.ImportFrom, ast.Assign}


@pytest.mark.parametrize("wing", sorted(house.WINGS))
def test_a_wing_holds_rooms_and_nothing_else(wing):
    files = {path.name for path in (house.SOURCE / wing).glob("*.py")}
    assert files <= {"__init__.py"}


PLAN = (house.ROOT / "docs" / "rooms.md").read_text()


def test_the_floor_plan_lists_exactly_the_rooms_there_are():
    assert sorted(re.findall(r"^\| `([\w/]+)/` \|", PLAN, re.MULTILINE)) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_the_floor_plan_sends_its_reader_to_files_there_are(room):
    (row,) = re.findall(rf"^\| `{room}/` \|.*$", PLAN, re.MULTILINE)
    files = re.findall(r"`(\w+\.py)`", row)
    assert files
    assert [name for name in files if not (house.SOURCE / room / name).exists()] == []


def loaded_by(module):
    """Name what a fresh Python has loaded once it has imported a module."""
    code = (
        "import sys; had = set(sys.modules); "
        f"import {module}; print(*sorted(set(sys.modules) - had))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    return run.stdout.split()


def test_importing_kitfox_loads_nothing_heavy():
    loaded = {name.partition(".")[0].lstrip("_") for name in loaded_by("kitfox")}
    ours = {name.lstrip("_") for name in sys.stdlib_module_names} | LIGHT
    assert loaded - ours == set()


def test_a_command_waits_only_for_what_it_uses_itself():
    ours = [name for name in loaded_by("kitfox.cli") if name.startswith("kitfox.")]
    assert {name.split(".")[1] for name in ours} == {"cli", "core", "scope"}


def test_a_process_of_a_service_loads_no_supervisor():
    loaded = loaded_by("kitfox.process._foreground")
    assert [name for name in loaded if name.startswith("kitfox.supervisor")] == []
