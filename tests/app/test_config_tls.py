"""Which certificates a kitfox.toml gives to whom."""

from pathlib import Path

import pytest

from kitfox.app import ConfigError, TLSFiles, load, tls_of

WHERE = Path("/srv/school/kitfox.toml")

SCHOOL = """
[system.tls]
ca = "certs/ca.pem"
certificate = "certs/school.pem"

[service.grading]
run = "school.grading:Grading"

[service.portal]
run = "school.portal:Portal"

[service.portal.tls]
certificate = "/etc/portal/tls.crt"
key = "portal.key"
"""


def services(**environ: str):
    return load(SCHOOL, environ, {}, WHERE).services


def test_paths_are_relative_to_the_folder_of_the_file():
    assert services()["grading"].tls == TLSFiles(
        ca=Path("/srv/school/certs/ca.pem"), certificate=Path("/srv/school/certs/school.pem")
    )


def test_a_service_has_its_own_files_instead_of_the_systems_and_not_beside_them():
    assert services()["portal"].tls == TLSFiles(
        certificate=Path("/etc/portal/tls.crt"), key=Path("/srv/school/portal.key")
    )


def test_a_variable_names_another_file():
    changed = services(KITFOX_SYSTEM__TLS__CERTIFICATE="new.pem")["grading"].tls
    assert changed is not None
    assert changed.certificate == Path("/srv/school/new.pem")
    assert changed.ca == Path("/srv/school/certs/ca.pem")


def test_wires_take_the_same_files():
    files = services()["portal"].tls
    assert files is not None
    made = tls_of(files)
    assert made is not None
    assert made.files == (files.certificate, files.key)
    assert tls_of(None) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('cert = "a.pem"', "kitfox.toml: system.tls.cert: unknown key"),
        ("certificate = 7", "kitfox.toml: system.tls.certificate: expected a path"),
    ],
)
def test_a_wrong_key_is_named(line: str, message: str):
    with pytest.raises(ConfigError) as wrong:
        load(f"[system.tls]\n{line}\n", {}, {}, Path("kitfox.toml"))
    assert str(wrong.value).startswith(message)
