"""The document that tells of methods."""

import msgspec

from kitfox.core import Service, methods_of, rpc
from kitfox.schema import describe


class Leaf(msgspec.Struct):
    size: int


class Tree(msgspec.Struct):
    leaves: list[Leaf]
    twigs: list["Tree"] = []


class Wood(Service, name="test.Wood"):
    @rpc
    async def plant(self, tree: Tree) -> None: ...


class Park(Service, name="test.Park"):
    @rpc
    async def walk(self, leaf: Leaf) -> str: ...


def methods(*services):
    return [method for service in services for method in methods_of(service).values()]


def test_the_order_of_the_methods_changes_nothing():
    assert describe(methods(Wood, Park)) == describe(methods(Park, Wood))


def test_a_part_has_the_types_that_it_needs_and_no_others():
    whole = describe(methods(Wood, Park))
    assert set(whole.types) == {"Tree", "Leaf", "Empty", "ParkWalkReply"}
    assert whole.part("test.Wood") == describe(methods(Wood))
    assert whole.part("test.Park") == describe(methods(Park))
    assert whole.part("test.None").methods == ()
