import msgspec
import pytest

from kitfox.registry import (
    OriginalProvider,
    OriginalRegistration,
    Patch,
    decode_patch,
    decode_registration,
)

LOG = OriginalProvider("LogService", "http://localhost:4000")
GRADING = OriginalRegistration(
    service_name="GradingService",
    service_url="http://localhost:6000",
    required_services=("LogService",),
    update_url="http://localhost:6000/services",
    heartbeat_url="http://localhost:6000/heartbeat",
)
GRADING_JSON = (
    b'{"ServiceName":"GradingService","ServiceURL":"http://localhost:6000",'
    b'"RequiredServices":["LogService"],"ServiceUpdateURL":"http://localhost:6000/services",'
    b'"HeartbeatURL":"http://localhost:6000/heartbeat"}'
)


def test_a_registration_is_written_as_go_writes_it():
    assert msgspec.json.encode(GRADING) == GRADING_JSON
    assert decode_registration(GRADING_JSON) == GRADING


def test_field_names_match_without_regard_to_case_and_unknown_ones_are_ignored():
    shouted = GRADING_JSON.replace(b"ServiceURL", b"SERVICEURL").replace(
        b"RequiredServices", b"requiredservices"
    )
    assert decode_registration(shouted[:-1] + b',"Flavour":[1]}') == GRADING


def test_null_and_missing_fields_are_empty():
    assert decode_registration(b'{"ServiceName":"A","RequiredServices":null}') == (
        OriginalRegistration(service_name="A")
    )


@pytest.mark.parametrize(
    ("body", "patch"),
    [
        (
            b'{"Added":[{"Name":"LogService","URL":"http://localhost:4000"}],"Removed":null}',
            Patch((LOG,), None),
        ),
        (b'{"Added":null,"Removed":null}', Patch()),
        (b'{"Added":[],"Removed":[]}', Patch((), ())),
        (b"{}", Patch()),
        (
            b'{"added":null,"Remove":[{"name":"LogService","Url":"http://localhost:4000"}]}',
            Patch(None, (LOG,)),
        ),
    ],
)
def test_a_patch_is_read_in_every_shape_on_record(body: bytes, patch: Patch):
    assert decode_patch(body) == patch


def test_a_first_patch_is_written_with_nulls_and_a_later_one_with_lists():
    assert msgspec.json.encode(Patch()) == b'{"Added":null,"Removed":null}'
    assert msgspec.json.encode(Patch((), (LOG,))) == (
        b'{"Added":[],"Removed":[{"Name":"LogService","URL":"http://localhost:4000"}]}'
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"a":' * 10_000, "nested too deeply"),
        (b'{"ServiceURL":7}', r"Expected `str`, got `int` - at `\$.ServiceURL`"),
        (b'{"RequiredServices":"x"}', r"at `\$.RequiredServices`"),
    ],
)
def test_a_malformed_registration_is_refused_with_the_place(body: bytes, message: str):
    with pytest.raises(ValueError, match=message):
        decode_registration(body)
