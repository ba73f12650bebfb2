"""Short texts by name: what is accepted, what is refused, and how it is looked up."""

import pytest

from kitfox import Metadata


def test_keys_are_found_in_any_case_and_kept_in_lower_case():
    metadata = Metadata({"X-Trace": "1"})
    assert metadata["x-trace"] == metadata["X-TRACE"] == "1"
    assert list(metadata) == ["x-trace"]


def test_it_behaves_as_a_mapping():
    metadata = Metadata({"a": "1", "b": "2"})
    metadata["A"] = "3"
    assert dict(metadata) == {"a": "3", "b": "2"}
    del metadata["B"]
    assert len(metadata) == 1
    assert "a" in metadata
    assert metadata.get("missing") is None


@pytest.mark.parametrize("missing", ["missing", "MISSING"])
def test_a_missing_key_is_a_key_error(missing):
    with pytest.raises(KeyError):
        Metadata()[missing]


def test_it_is_a_copy_of_what_it_was_made_of():
    source = Metadata({"a": "1"})
    Metadata(source)["a"] = "2"
    assert source["a"] == "1"


@pytest.mark.parametrize("key", ["", "a b", "a:b", "-a", ".a", "ä", "a\r\nb", "a\n", "a/b", "a\0"])
def test_a_key_that_no_wire_could_carry_is_refused_by_name(key):
    with pytest.raises(ValueError, match=r"metadata key .*expected letters"):
        Metadata({key: "1"})


@pytest.mark.parametrize(
    "value", ["two\nlines", "\r\nset-cookie: no", "nul\0", "tab\t", "ü", " a", "a ", " ", "\x7f"]
)
def test_a_value_that_no_wire_could_carry_is_refused_by_its_key(value):
    with pytest.raises(ValueError, match="metadata 'key': expected printable ASCII"):
        Metadata({"Key": value})


@pytest.mark.parametrize("value", ["", "a", "!", "a b", "a  b", "~" * 5000])
def test_other_values_are_kept(value):
    assert Metadata({"key": value})["key"] == value


def test_a_refused_value_leaves_what_was_there():
    metadata = Metadata({"key": "1"})
    with pytest.raises(ValueError, match="metadata"):
        metadata["key"] = "\n"
    assert metadata["key"] == "1"


def test_values_stay_out_of_logs():
    assert repr(Metadata({"authorization": "secret", "b": "c"})) == "Metadata(authorization, b)"


def test_what_is_there_is_found_in_any_case_and_nothing_but_texts_can_be():
    metadata = Metadata({"Trace": "1"})
    assert "trace" in metadata
    assert "TRACE" in metadata
    assert "other" not in metadata
    assert 7 not in metadata
