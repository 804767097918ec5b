"""Which addresses are called."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.outbound.addresses import AddressForbidden, Reach, check_address, check_url

INSIDE = (
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255",  # noqa: S104
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "192.88.99.1",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1",
    "2001:db8::1", "100::1", "3fff::1",
    # IPv4 within IPv6: mapped, compatible, translated, 6to4, NAT64, Teredo.
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "::ffff:0:127.0.0.1", "::ffff:0:10.0.0.1",
    "2002:7f00:1::1", "2002:a00:1::1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1",
    "64:ff9b:1::808:808", "2001:0:a00:1::1",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")
LOOPBACK = ("127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1")


def allowed(address: str, reach: Reach, *, encrypted: bool) -> bool:
    try:
        check_address(address, reach, encrypted=encrypted)
    except AddressForbidden:
        return False
    return True


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_inside_is_called(address: str) -> None:
    assert not allowed(address, Reach.PUBLIC, encrypted=True)


@pytest.mark.parametrize("address", INSIDE)
def test_of_all_that_a_sandbox_calls_its_own_machine(address: str) -> None:
    for encrypted in (True, False):
        assert allowed(address, Reach.SANDBOX, encrypted=encrypted) == (address in LOOPBACK)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_called_over_https_only(address: str) -> None:
    for reach in Reach:
        assert allowed(address, reach, encrypted=True)
        assert not allowed(address, reach, encrypted=False)


@given(st.ip_addresses(v=4))
def test_mapping_makes_no_difference(address: ipaddress.IPv4Address) -> None:
    mapped = f"::ffff:{address}"
    plain = allowed(str(address), Reach.PUBLIC, encrypted=True)
    assert allowed(mapped, Reach.PUBLIC, encrypted=True) == plain


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/", "//shop.example/", "shop.example", "https://", "https:///hook",
        "https://user:secret@shop.example/", "https://user@shop.example/",
        "https://shop.example/#part", "https://shop.example:70000/", "https://shop.example:0/",
        "https://[::1/", "https://магазин.example/", "https://shop.example/a b",
        "https://shop.example\\hook/", "https://shop.example/\r\nX-Header: 1",
        "https://" + "a" * 2000, "file:///etc/passwd",
    ],
)  # fmt: skip
def test_what_is_no_url_for_notifications(url: str) -> None:
    assert check_url(url)


@pytest.mark.parametrize(
    "url", ["https://shop.example/hook?a=1", "http://127.0.0.1:9000/", "https://[2606:4700::1]/"]
)
def test_what_is_one(url: str) -> None:
    assert check_url(url) is None
