"""Which webhook addresses are accepted."""

import pytest

from xqueue_gateway.submissions.address import address_error


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://example.com:8080/hook?x=1#y",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
        "https://localhost.example.com/",
    ],
)
def test_public_addresses_are_accepted(url: str) -> None:
    assert address_error(url, allow_private=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1:8080/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.localhost/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::7f00:1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fec0::1]/",
        "http://[fd00::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://127\u30020\u30020\u30021/",
        "http://127.0.0.1\u3002:8080/",
        "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
    ],
)
def test_private_addresses_are_refused_unless_the_operator_allows_them(url: str) -> None:
    error = address_error(url, allow_private=False)

    assert error is not None
    assert error.field == "webhook.url"
    assert "XQ_WEBHOOK_ALLOW_PRIVATE" in error.hint
    assert address_error(url, allow_private=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://user:secret@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://[::1/",
    ],
)
def test_what_cannot_be_called_is_refused_anyway(url: str) -> None:
    assert address_error(url, allow_private=True) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://.../",
        "http://a..b/",
        f"http://{'a' * 64}.example.com/",
        "http://127.0.0.1%00.example.com/",
        "http://exa mple.com/",
    ],
)
def test_hosts_that_nobody_can_look_up_are_refused(url: str) -> None:
    error = address_error(url, allow_private=True)

    assert error is not None
    assert (error.field, error.message) == ("webhook.url", "names a host that cannot be looked up")


def test_names_of_other_alphabets_are_accepted() -> None:
    assert address_error("https://b\u00fccher.example/hook", allow_private=False) is None
