from kitfox.registry import host_of, is_local, same_host


def test_hosts_of_peers():
    assert host_of("127.0.0.1:80") == "127.0.0.1"
    assert host_of("[::1]:80") == "::1"
    assert host_of("::1") == "::1"
    assert host_of("127.0.0.1") == "127.0.0.1"


def test_all_names_of_the_loopback_are_one_host():
    assert same_host("localhost", "127.0.0.1")
    assert same_host("127.0.0.1", "::1")
    assert not same_host("10.0.0.7", "127.0.0.1")


def test_a_mapped_address_is_the_version_4_address():
    assert same_host("::ffff:10.0.0.7", "10.0.0.7")
    assert is_local("::ffff:127.0.0.1")


def test_a_name_is_never_resolved():
    assert not same_host("example.test", "example.test")
    assert not is_local("localhost.example.test")
