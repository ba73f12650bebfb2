"""Who runs as something that is no longer there."""

from pathlib import Path

import pytest

from kitfox.app import Config, load
from kitfox.cli._versions import Versions, code_of

TWO = '[service.desk]\nrun = "desk:Desk"\n[service.shop]\nrun = "shop.front:Shop"\n'


@pytest.fixture
def read(tmp_path: Path):
    (tmp_path / "desk.py").write_text("")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "front.py").write_text("")

    def read(text: str = TWO) -> Config:
        return load(text, {}, {}, tmp_path / "kitfox.toml")

    return read


def test_nobody_has_changed_when_nothing_has(read):
    assert Versions(read()).changed(read()) == []


def test_who_has_another_configuration_has_changed_until_it_is_started(read):
    versions, other = Versions(read()), read(TWO + "replicas = 2\n")
    assert versions.changed(other) == ["shop"]
    versions.started(["shop", "shop/1"], other)
    assert versions.changed(other) == []


def test_all_code_of_a_package_and_the_file_of_a_module_count(read, tmp_path: Path):
    versions, before = Versions(read()), code_of(read())
    (tmp_path / "shop" / "prices.py").write_text("ONE = 1")
    (tmp_path / "notes.py").write_text("")
    assert versions.changed(read()) == ["shop"]
    assert code_of(read()) != before
    (tmp_path / "desk.py").write_text("TWO = 2")
    assert versions.changed(read()) == ["desk", "shop"]


def test_who_comes_or_goes_is_named(read):
    assert Versions(read()).others(read('[service.new]\nrun = "new:New"\n')) == [
        "desk",
        "new",
        "shop",
    ]
