"""systemd takes the units, and finds in them what it needs."""

import subprocess


def test_systemd_finds_nothing_wrong_with_the_units(gen, find, tmp_path):
    verify = [find("systemd-analyze"), "verify", "--man=no"]
    units = [str(tmp_path / "made" / name) for name in gen("systemd")]
    done = subprocess.run([*verify, *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_finds_the_units_well_protected(gen, find, tmp_path):
    unit = tmp_path / "made" / next(name for name in gen("systemd") if name.endswith("on.service"))
    security = [find("systemd-analyze"), "security", "--offline=yes", "--threshold=20"]
    done = subprocess.run([*security, str(unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_there_is_a_socket_unit_where_systemd_can_listen(gen, sections):
    made = gen("systemd")
    assert {name for name in made if name.endswith(".socket")} == {
        f"the-school-{name}.socket" for name in ("registry", "portal", "on")
    }
    desk = sections(made["the-school-on.socket"])
    assert desk["Socket", "ListenStream"] == [
        "/run/school/desk.sock",
        "127.0.0.1:7001",
        "127.0.0.1:7002",
    ]
    assert ("Socket", "FileDescriptorName") not in desk
    portal = sections(made["the-school-portal.socket"])
    assert portal["Socket", "ListenStream"] == ["127.0.0.1:8800"]
    assert portal["Socket", "FileDescriptorName"] == ["portal.http"]


def test_a_unit_starts_after_what_its_service_needs(gen, sections):
    portal = sections(gen("systemd")["the-school-portal.service"])
    assert portal["Unit", "After"] == [
        "network-online.target the-school-registry.service the-school-grading.service",
        "the-school-portal.socket",
    ]
    assert portal["Service", "Type"] == ["notify"]
    assert portal["Service", "WatchdogSec"] == ["30"]


def test_a_unit_takes_the_token_as_a_credential_where_one_is_asked_for(gen, tmp_path, sections):
    key = ("Service", "LoadCredential")
    assert key not in sections(gen("systemd")["the-school-on.service"])
    file = tmp_path / "kitfox.toml"
    file.write_text(file.read_text().replace("rpc://127.0.0.1:7001", "rpc://0.0.0.0:7001"))
    made = gen("systemd")
    assert sections(made["the-school-grading.service"])[key] == ["token:/etc/the-school/token"]
