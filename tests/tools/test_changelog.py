"""How fragments become a release."""

from datetime import date

import pytest

import changelog
import house

DAY = date(2026, 11, 22)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "CHANGELOG.md").write_text(
        f"# Changes\n\n{changelog.MARK}\n## 0.0.1 (2026-01-01)\n"
    )
    fragments = tmp_path / "changelog.d"
    fragments.mkdir()
    (fragments / "README.md").write_text("How to write one.")
    (fragments / "up.added.md").write_text("`kitfox up` runs a file of services.\n")
    (fragments / "call.fixed.md").write_text("A call ends with its deadline.\n")
    return tmp_path


def test_a_release_stands_above_the_last_one_with_its_fragments_by_kind(root):
    changelog.release(root, "0.1.0", DAY)
    _, _, releases = (root / "CHANGELOG.md").read_text().partition(changelog.MARK)
    assert releases == (
        "\n## 0.1.0 (2026-11-22)\n\n### Added\n\n- `kitfox up` runs a file of services.\n\n"
        "### Fixed\n\n- A call ends with its deadline.\n\n## 0.0.1 (2026-01-01)\n"
    )


def test_a_release_uses_its_fragments_up(root):
    changelog.release(root, "0.1.0", DAY)
    assert [path.name for path in (root / "changelog.d").iterdir()] == ["README.md"]
    with pytest.raises(ValueError, match="at least one fragment"):
        changelog.release(root, "0.2.0", DAY)


@pytest.mark.parametrize("name", ["added.md", "up.md", "up.improved.md"])
def test_a_fragment_of_no_kind_is_refused_before_anything_is_written(root, name):
    (root / "changelog.d" / name).write_text("What?")
    before = (root / "CHANGELOG.md").read_text()
    with pytest.raises(ValueError, match=r"expected NAME\.KIND\.md"):
        changelog.release(root, "0.1.0", DAY)
    assert (root / "CHANGELOG.md").read_text() == before


def test_every_fragment_of_the_house_has_a_kind():
    for fragment in (house.ROOT / "changelog.d").glob("*.md"):
        assert fragment.stem == "README" or changelog.kind_of(fragment)
