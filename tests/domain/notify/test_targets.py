"""Where webhooks may lead: every address of the host is judged, and what lies in it for a translator or tunnel."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam import errors
from ipam.addressing import Address
from ipam.domain.notify import targets

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "169.254.169.254", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "100.64.0.1", "100.127.255.255", "224.0.0.1", "239.255.255.255", "198.18.0.1", "198.19.255.255",
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "255.255.255.255", "192.0.0.8", "192.88.99.1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.63.255.255",
          "100.128.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"]  # fmt: skip
PRIVATE_IPV6 = [
    "::", "::1", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "2001:2::1", "100::1",
    "3fff::1", "5f00::1", "2001:10::1", "2001:20::1", "4000::1", "200::1", "e000::1",
]  # fmt: skip
PUBLIC_IPV6 = ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00::1", "2003::1", "2001:200::1"]


def around(inside: str) -> list[str]:
    """IPv6 addresses that lead to an IPv4 address."""
    value = Address(inside).value
    high, low = value >> 16, value & 0xFFFF
    flipped = value ^ 0xFFFFFFFF
    return [
        f"::ffff:{inside}",
        f"64:ff9b::{inside}",
        f"64:ff9b:1::{inside}",
        f"64:ff9b:1:{high:x}:{low >> 8:x}:{(low & 255) << 8:x}::",  # RFC 6052 with /48
        f"2002:{high:x}:{low:x}::1",
        f"2001:0:808:808:0:0:{flipped >> 16:x}:{flipped & 0xFFFF:x}",
        *([f"::{inside}"] if value > 0xFFFF else []),
    ]


def refusal(url: str) -> tuple[str, str] | None:
    found = targets.resolve(url).refusal
    return (found.code, found.field) if found else None


def https(address: str) -> str:
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


@pytest.mark.parametrize("address", [*PRIVATE, *PRIVATE_IPV6])
def test_special_address_is_not_called(address: str) -> None:
    assert refusal(https(address)) == ("url_not_allowed", "url")


@pytest.mark.parametrize("address", [*PUBLIC, *PUBLIC_IPV6])
def test_public_address_is_called(address: str) -> None:
    assert refusal(https(address)) is None


@pytest.mark.parametrize("inside", [one for one in PRIVATE if not one.startswith("0.")])
def test_special_ipv4_inside_ipv6_is_not_called(inside: str) -> None:
    assert {one: refusal(https(one)) for one in around(inside)} == dict.fromkeys(
        around(inside), ("url_not_allowed", "url")
    )


@pytest.mark.parametrize("inside", ["1.1.1.1", "8.8.8.8", "9.9.9.9"])
def test_public_ipv4_inside_ipv6_is_called(inside: str) -> None:
    assert {one: refusal(https(one)) for one in around(inside)} == dict.fromkeys(around(inside))


@given(st.integers(2**24, 2**32 - 1))
def test_what_is_judged_inside_is_judged_as_outside(value: int) -> None:
    """But for NAT64 with a prefix of its own, where one more reading may be of special space."""
    outside = bool(targets.what_forbids(Address(value, 4)))
    inside = [Address(one) for one in around(str(Address(value, 4)))]
    judged = {one: bool(targets.what_forbids(one)) for one in inside}
    assert {one for one in inside if judged[one] != outside} <= (set() if outside else {inside[3]})


@given(st.integers(0, 2**128 - 1), st.integers(0, 3))
def test_no_length_of_a_local_nat64_prefix_hides_a_private_address(rest: int, length: int) -> None:
    """RFC 8215: whoever sets 64:ff9b:1::/48 up chooses /48, /56, /64 or /96 (RFC 6052, section 2.2)."""
    shift = [(64, 40), (56, 32), (48, 24), None][length]
    prefix = Address("64:ff9b:1::").value
    value = rest & ((1 << 80) - 1)
    quad = Address("10.0.0.1").value
    if shift is None:
        value = value & ~0xFFFFFFFF | quad
    else:
        bits = [(48, 56, 64)[length] + n + (8 if (48, 56, 64)[length] + n >= 64 else 0) for n in range(32)]
        for n, bit in enumerate(bits):
            mask = 1 << 127 - bit
            value = value | mask if quad >> 31 - n & 1 else value & ~mask
    assert targets.what_forbids(Address(prefix | value, 6)) != ""


@pytest.mark.parametrize(
    "url",
    ["ftp://1.1.1.1/", "https://", "https:///x", "1.1.1.1", "https://user@1.1.1.1/", "https://user:secret@1.1.1.1/",
     "https://1.1.1.1/#part", "https://1.1.1.1#", "https://1.1.1.1:0/", "https://1.1.1.1:99999/", "https://1.1.1.1/a b",
     "https://1.1.1.1/\r\nHost: x", "https://1.1.1.1\\@8.8.8.8/", "https://ex%61mple.org/", "https://[fe80::1%25eth0]/",
     "https://exämple.org/", "https://1.1.1.1/" + "a" * 2000, "javascript:alert(1)", "https://nowhere.invalid/"],
)  # fmt: skip
def test_what_is_no_url_is_invalid(url: str) -> None:
    assert refusal(url) == ("invalid", "url")


@pytest.mark.parametrize("url", ["https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/"])
def test_other_spellings_of_loopback_are_loopback(url: str) -> None:
    assert refusal(url) == ("url_not_allowed", "url")


def test_http_leads_to_allowed_addresses_only(settings: Any) -> None:
    assert refusal("http://1.1.1.1/") == ("url_not_allowed", "url")
    settings.WEBHOOK_ALLOWED_CIDRS = ["10.0.0.0/8", "2001:db8::/32"]
    assert refusal("http://10.1.2.3/hook?x=1") is None
    assert refusal("http://[2001:db8::1]:8080/") is None
    assert refusal("http://11.0.0.1/") == ("url_not_allowed", "url")


@pytest.mark.parametrize("host", ["64:ff9b::10.1.2.3", "::ffff:10.1.2.3", "2002:a01:203::"])
def test_allowed_address_is_not_called_through_a_translator_or_tunnel(host: str, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_CIDRS = ["10.0.0.0/8"]
    assert refusal(f"https://[{host}]/") == ("url_not_allowed", "url")
    settings.WEBHOOK_ALLOWED_CIDRS = [f"{host}/128"]
    assert refusal(f"https://[{host}]/") is None


def test_one_special_address_of_a_host_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(host: str, port: int, **more: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", ("1.1.1.1", port)), (socket.AF_INET6, 1, 6, "", ("fd00::1", port, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert refusal("https://example.org/") == ("url_not_allowed", "url")


def test_refusal_does_not_tell_what_a_name_leads_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(socket.AF_INET, 1, 6, "", ("10.9.8.7", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: answer)
    found = targets.resolve("https://db.example.org/").refusal
    assert isinstance(found, errors.UrlNotAllowed)
    assert ("10.9.8.7" in found.detail, "private" in found.detail) == (False, True)


def test_name_that_is_looked_up_too_slowly_is_not_looked_up_later(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    goes_on = threading.Event()

    def resolve(host: str, *args: Any, **more: Any) -> Any:
        asked.append(host)
        goes_on.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(targets, "_RESOLVE_SECONDS", 0.05)
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(targets, "_resolver", pool)
        for name in ("slow", "waits", "waits-too"):
            assert targets.resolve(f"https://{name}.example.org/").refusal
        goes_on.set()
    assert asked == ["slow.example.org"]
