"""Who may import whom, where the import contracts in pyproject.toml cannot say it."""

import ast
import sys
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

import house

# Where each distribution from outside may be named. What is missing here may be named nowhere.
HOMES = {
    "msgspec": ("kitfox",),
    "httptools": ("kitfox.net", "kitfox.transports.http"),
    "uvicorn": ("kitfox.transports.http",),
    "jwt": ("kitfox.auth.jwt",),
    "h11": ("kitfox.transports.http._http2",),
    "h2": ("kitfox.transports.http._http2",),
    "hyperframe": ("kitfox.transports.http._http2",),
    "hypercorn": (
        "kitfox.transports.http.hypercorn",
        "kitfox.transports.http._http2",
        "kitfox.transports.http._http2_apps",
    ),
    "nats": ("kitfox.transports.nats",),
    "redis": ("kitfox.resilience.redis", "kitfox.idempotency.redis"),
    "websockets": ("kitfox.transports.websocket",),
    "uvloop": ("kitfox.process",),
    "click": ("kitfox.cli",),
    "grpc": ("kitfox.transports.grpc._grpcio",),
    "grpc_health": ("kitfox.transports.grpc",),
    "grpc_reflection": ("kitfox.transports.grpc",),
    "google": (
        "kitfox.schema.protobuf",
        "kitfox.schema._protobuf_descriptors",
        "kitfox.transports.grpc",
    ),
    "zstandard": ("kitfox.services.logs",),
    "jinja2": ("kitfox.services.console",),
}

MODULES = house.module_files()


def names(path):
    return str(path.relative_to(house.SOURCE))


def within(module, package):
    return module == package or module.startswith(f"{package}.")


def private_owner(imported):
    """Give the package that owns the first private module in a dotted name, if there is one."""
    parts = imported.split(".")
    for position, part in enumerate(parts):
        if part.startswith("_") and not part.startswith("__"):
            return ".".join(parts[:position])
    return None


def test_imports_make_no_cycle_even_inside_functions():
    graph = grimp.build_graph("kitfox", exclude_type_checking_imports=False, cache_dir=None)
    edges = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_a_module_from_outside_is_named_only_in_its_home(path):
    ours = house.module_name(path)
    for imported in house.imports(path):
        root = imported.partition(".")[0]
        if root in sys.stdlib_module_names or root == "kitfox":
            continue
        assert any(within(ours, home) for home in HOMES.get(root, ())), f"{ours} imports {root}"


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_what_a_room_keeps_private_is_named_only_inside_it(path):
    ours = house.module_name(path)
    for imported in house.imports(path):
        owner = private_owner(imported) if within(imported, "kitfox") else None
        assert owner is None or within(ours, owner), f"{ours} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_no_import_is_for_type_checkers_only(path):
    named = {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
    assert "TYPE_CHECKING" not in named, "if you need it, the name lives too high"


def tree(path):
    return ast.parse(path.read_text())


def test_the_clock_is_named_in_one_place():
    places = [names(path) for path in MODULES if "time.monotonic" in set(house.imports(path))]
    places += [names(path) for path in MODULES if "time.monotonic" in ast.unparse(tree(path))]
    assert len(set(places)) <= 1, places
