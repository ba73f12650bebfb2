import msgspec

from kitfox.registry import Instance

ADA = Instance("users", "ada", ("http://127.0.0.1:1",), metadata={"zone": "a"})


def test_an_instance_hashes_by_identity_although_its_metadata_cannot_be_hashed():
    moved = msgspec.structs.replace(ADA, addresses=("http://127.0.0.1:2",))
    assert hash(moved) == hash(ADA)
    assert len({ADA, moved}) == 2


def test_an_instance_equals_one_that_says_the_same():
    assert msgspec.json.decode(msgspec.json.encode(ADA), type=Instance) == ADA
    assert msgspec.structs.replace(ADA, metadata={"zone": "b"}) != ADA
