from pathlib import Path

from kitfox.registry import CachedSet, DiskCache, Instance

ADA = Instance("users", "ada", ("http://127.0.0.1:1",), metadata={"zone": "a"})
USERS = CachedSet("users", 12.5, (ADA,))


def test_what_was_saved_is_loaded(tmp_path: Path):
    DiskCache(tmp_path / "cache").save(USERS)
    assert DiskCache(tmp_path / "cache").load("users") == USERS


def test_an_unknown_service_is_none(tmp_path: Path):
    assert DiskCache(tmp_path).load("users") is None


def test_any_name_makes_a_file_inside_the_folder(tmp_path: Path):
    cache = DiskCache(tmp_path)
    name = "../../evil/\0name" + "x" * 500
    cache.save(CachedSet(name, 1.0, ()))
    assert cache.load(name) == CachedSet(name, 1.0, ())
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path]


def test_a_corrupt_file_is_as_good_as_none(tmp_path: Path):
    cache = DiskCache(tmp_path)
    cache.save(USERS)
    (path,) = tmp_path.iterdir()
    for content in (
        b"",
        b"{",
        b'{"service": 7}',
        path.read_bytes()[:-5],
        b"\xff\x00",
        b'"\xed\xa0"',
    ):
        path.write_bytes(content)
        assert cache.load("users") is None


def test_a_set_that_is_too_large_is_not_saved(tmp_path: Path):
    cache = DiskCache(tmp_path, size=100)
    cache.save(USERS)
    assert cache.load("users") is None


def test_the_oldest_files_make_room(tmp_path: Path):
    cache = DiskCache(tmp_path, files=3)
    for number in range(10):
        cache.save(CachedSet(str(number), 1.0, ()))
    assert len(list(tmp_path.iterdir())) == 3
    assert cache.load("9") is not None


def test_saving_leaves_no_other_file(tmp_path: Path):
    cache = DiskCache(tmp_path)
    for _ in range(5):
        cache.save(USERS)
    assert len(list(tmp_path.iterdir())) == 1
