"""Nothing happens at import: a module defines, it does not do."""

import ast

import pytest

import house

# What opens, starts, reads the surroundings or the clock, or binds itself to a loop.
DOERS = {"asyncio", "atexit", "open", "os", "print", "random", "signal", "socket", "subprocess"}
DOERS |= {"sys", "tempfile", "threading", "time"}
# What makes a state that the whole process would share.
CONTAINERS = {"bytearray", "dict", "list", "set", "deque", "defaultdict", "OrderedDict", "Counter"}
CONTAINERS |= {"WeakKeyDictionary", "WeakSet", "WeakValueDictionary", "count"}

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def effects(source):
    """Say what a module does when it is imported, besides defining."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from assignment_effects(statement)
        elif not (isinstance(statement, DEFINITIONS) or is_harmless(statement)):
            yield ast.unparse(statement)


def is_harmless(statement):
    match statement:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.If(
            test=ast.Compare(left=ast.Name("__name__") | ast.Attribute(attr="version_info"))
        ):
            return True
        case ast.Try(body=[ast.Import() | ast.ImportFrom()]):  # an optional import
            return True
    return False


def assignment_effects(statement):
    if statement.value is None:
        return
    if is_empty_container(statement.value) or (
        is_variable(statement) and is_mutable(statement.value)
    ):
        yield ast.unparse(statement)
    if any(map(is_deed, evaluated(statement.value))):
        yield ast.unparse(statement)


def evaluated(value):
    """Give the expressions that run now; what a lambda does, it does later."""
    if isinstance(value, ast.Lambda):
        return
    yield value
    for child in ast.iter_child_nodes(value):
        yield from evaluated(child)


def is_deed(expression):
    match expression:
        case ast.Call(func=func):
            callee = ast.unparse(func)
            return callee.partition(".")[0] in DOERS or callee.endswith("basicConfig")
        case ast.Attribute(value=ast.Name("os" | "sys"), attr="environ" | "argv"):
            return True
    return False


def is_variable(statement):
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    words = [ast.unparse(target).strip("_") for target in targets]
    return any(word.islower() for word in words if word != "all")


def is_mutable(value):
    return isinstance(
        value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp
    )


def is_empty_container(value):
    """Tell a container made to be filled later from a table."""
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
        case ast.Call(func=func, args=args, keywords=keywords):
            made = ast.unparse(func).rpartition(".")[2] in CONTAINERS
            return made and not keywords and all(map(is_name_or_empty, args))
    return False


def is_name_or_empty(value):
    return isinstance(value, ast.Name | ast.Constant) or is_empty_container(value)


# `python -m` runs a __main__.py; nobody imports it.
MODULES = [path for path in house.module_files() if path.name != "__main__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(house.SOURCE)))
def test_importing_a_module_has_no_effect(path):
    assert list(effects(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "LOCK = asyncio.Lock()",
        "register(Users)",
        "cache = {}",
        "_CACHE: dict[str, int] = {}",
        "SEEN = weakref.WeakKeyDictionary()",
        "known = ['a']",
        "ids = itertools.count()",
        "HOME = pathlib.Path(os.environ['HOME'])",
        "logging.basicConfig()",
        "for a in b: pass",
        "MADE = defaultdict(list)",
    ],
)
def test_state_and_effects_are_seen(source):
    assert list(effects(source))


@pytest.mark.parametrize(
    "source",
    [
        '"""What it is."""',
        "STATUS = {'ok': 200}",
        "T = TypeVar('T')",
        "__all__ = ['a']",
        "_call: ContextVar[Call] = ContextVar('call')",
        "NOW = lambda: time.time()",
        "logger = logging.getLogger(__name__)",
        "NAMES = frozenset({'a'})",
        "encode = msgspec.json.Encoder().encode",
        "try:\n  import uvloop\nexcept ImportError:\n  uvloop = None",
        "if __name__ == '__main__':\n  main()",
        "class A: pass",
    ],
)
def test_definitions_are_left_alone(source):
    assert list(effects(source)) == []
