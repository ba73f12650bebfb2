import pytest

from kitfox.net._http_request import chunk, request_head
from kitfox.net._http_url import split_url


def head(method="GET", url="http://h/", headers=(), length=0):
    origin, target = split_url(url)
    return request_head(method, origin, target, headers, length=length)


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("http://example.com", b"example.com", b"/"),
        ("http://Example.com:80/a?b=c", b"example.com", b"/a?b=c"),
        ("http://example.com:8080?q", b"example.com:8080", b"/?q"),
        ("https://example.com:443/%20", b"example.com", b"/%20"),
        ("https://example.com:80/", b"example.com:80", b"/"),
        ("http://[::1]/", b"[::1]", b"/"),
        ("http://[0:0::1]:7/", b"[::1]:7", b"/"),
        ("http+unix://%2Frun%2Fx.sock/a", b"localhost", b"/a"),
        ("HTTP://example.com:80/A", b"example.com", b"/A"),
    ],
)
def test_a_url_becomes_target_and_host(url, host, target):
    assert head(url=url) == b"GET %b HTTP/1.1\r\nhost: %b\r\n\r\n" % (target, host)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "expected 'http://host:port/path'"),
        ("/path", "expected 'http://host"),
        ("ftp://h/", "scheme 'ftp' is none of"),
        ("http://", "has no host"),
        ("http://:80/", "has no host"),
        ("http://u:p@h/", "user information"),
        ("http://h/#top", "fragment"),
        ("http://h/a b", "percent-encoded"),
        ("http://h/a\r\nx: y", "percent-encoded"),
        ("http://h\r\nx: y/", "not a host"),
        ("http://h/ä", "percent-encoded"),
        ("http://ä/", "not a host"),
        ("http://h:99999/", "port '99999'"),
        ("http://h:-1/", "port '-1'"),
        ("http://h:٣/", "is not a number"),
        ("http://h:0/", "nobody listens at port 0"),
        ("http://h:/", "port '' is not a number"),
        ("http://[::1]:65536/", "port '65536'"),
        ("http://h\0/", "not a host"),
        ("http://h/\0", "percent-encoded"),
        ("http://[fe80::1%a b]/", "'a b' is not a zone"),
        ("http://[fe80::1%25a\r\nx: y]/", "is not a zone"),
        ("http://[fe80::1%]/", "version 6"),
        ("http://h\\.example/", "not a host"),
        ("http://::1/", "brackets|port"),
        ("http+unix://relative/", "expected 'http\\+unix:"),
    ],
)
def test_a_malformed_url_is_refused_with_the_part_that_is_wrong(url, complaint):
    with pytest.raises(ValueError, match=complaint):
        split_url(url)


@pytest.mark.parametrize("zone", ["%25eth0", "%eth0"])
def test_a_zone_decides_where_to_connect_and_stays_at_home(zone):
    origin, _ = split_url(f"http://[fe80::1{zone}]:8080/")
    assert (origin.host, origin.authority) == ("fe80::1%eth0", b"[fe80::1]:8080")
    assert origin != split_url("http://[fe80::1%25eth1]:8080/")[0]


def test_a_password_in_a_url_is_not_repeated_in_the_error():
    with pytest.raises(ValueError, match="user information") as caught:
        split_url("http://user:hunter2@h/")
    assert "hunter2" not in str(caught.value)


def test_a_head_carries_its_headers_in_order():
    headers = [(b"accept", b"a"), (b"Accept", b"b")]
    assert head(headers=headers).endswith(b"accept: a\r\nAccept: b\r\n\r\n")


def test_headers_may_be_text():
    headers = {"accept": "text/plain", "x-name": "Zo\xeb"}
    assert head(headers=headers).endswith(b"accept: text/plain\r\nx-name: Zo\xeb\r\n\r\n")


@pytest.mark.parametrize(
    ("headers", "got"),
    [
        ([("accept", "a")], "str and str"),
        ([(b"fine", b"a"), (b"accept", "a")], "bytes and str"),
        ([("accept", b"a")], "str and bytes"),
        ([(b"accept", 1)], "bytes and int"),
        ({b"accept": b"a"}, "bytes and bytes"),
        ({"fine": "a", "accept": 1}, "str and int"),
    ],
)
def test_headers_of_other_types_are_refused_and_their_values_kept_secret(headers, got):
    with pytest.raises(TypeError, match=f"str to str, or pairs of bytes; got {got}$"):
        head(headers=headers)


def test_a_header_that_is_no_latin_1_is_refused_by_name():
    with pytest.raises(ValueError, match="'x-name' is not Latin-1"):
        head(headers={"x-name": "\u2028"})


@pytest.mark.parametrize("name", ["h\xe4user", "host", "a b", "a\r\nb", ""])
def test_a_name_is_checked_as_text_too(name):
    with pytest.raises(ValueError, match="header"):
        head(headers={name: "a"})


def test_a_value_in_text_begins_no_other_line():
    with pytest.raises(ValueError, match="line break"):
        head(headers={"a": "b\r\nc: d"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_an_empty_body_is_announced_where_one_is_expected(method):
    assert b"content-length: 0\r\n" in head(method=method)


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_an_empty_body_is_not_announced_where_none_is_expected(method):
    assert b"content-length" not in head(method=method)


def test_a_body_is_announced_by_its_length_or_as_chunks():
    assert b"content-length: 17\r\n" in head(method="DELETE", length=17)
    assert b"transfer-encoding: chunked\r\n" in head(method="POST", length=None)


def test_a_chunk_is_written_with_its_length_in_hexadecimal():
    assert chunk(b"x" * 17) == b"11\r\n" + b"x" * 17 + b"\r\n"
    assert chunk(b"") == b"0\r\n\r\n"


@pytest.mark.parametrize("method", ["", "GET /", "GET\r\nx: y", "GÉT", "GET "])
def test_a_method_that_is_no_token_is_refused(method):
    with pytest.raises(ValueError, match="method"):
        head(method=method)


@pytest.mark.parametrize("name", [b"", b"a b", b"a:", b"a\r\nb", b"a\n", b"\xe4", b"a\0"])
def test_a_header_name_that_is_no_token_is_refused(name):
    with pytest.raises(ValueError, match="header name"):
        head(headers=[(name, b"v")])


@pytest.mark.parametrize(
    "value", [b"a\r\nb: c", b"a\nb", b"a\rb", b"\0", b"\r\n\r\nGET / HTTP/1.1"]
)
def test_a_header_value_that_would_begin_another_line_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"header b'x-second'.* has a line break"):
        head(headers=[(b"x-first", b"fine"), (b"x-second", value)])


@pytest.mark.parametrize("name", [b"Host", b"content-length", b"TRANSFER-ENCODING"])
def test_a_header_that_frames_the_message_is_left_to_the_client(name):
    with pytest.raises(ValueError, match="written by the client itself"):
        head(headers=[(name, b"1")])
