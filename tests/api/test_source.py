"""Where a request comes from, which a token may be limited to."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIRequestFactory

from ipam.api.authentication import source_of
from ipam.domain.people import tokens
from tests.builders import cidrs


@pytest.mark.parametrize(
    ("remote", "forwarded", "behind_proxy", "source"),
    [
        ("192.0.2.1", "", False, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", False, "192.0.2.1"),  # anybody may write that
        ("192.0.2.1", "198.51.100.9", True, "198.51.100.9"),
        ("192.0.2.1", "10.0.0.1, 198.51.100.9", True, "198.51.100.9"),  # what the proxy in front has added
        ("192.0.2.1", "", True, "192.0.2.1"),
        ("2001:db8::7", "", False, "2001:db8::7"),
        ("::ffff:192.0.2.1", "", False, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.7:4711", True, "203.0.113.7"),
        ("192.0.2.1", "10.0.0.1, 203.0.113.7:4711", True, "203.0.113.7"),
        ("192.0.2.1", "[2001:db8::1]:443", True, "2001:db8::1"),
        ("192.0.2.1", "[2001:db8::1]", True, "2001:db8::1"),
        ("192.0.2.1", '"[2001:db8::1]:443"', True, "2001:db8::1"),
        ("192.0.2.1", "2001:db8::1:443", True, "2001:db8::1:443"),  # that is an address
        ("192.0.2.1", "[::ffff:203.0.113.7]:443", True, "203.0.113.7"),
        ("fe80::1%eth0", "", False, "fe80::1"),
        ("192.0.2.1", "[fe80::1%25eth0]:80", True, "fe80::1"),
        ("192.0.2.1", "203.0.113.7:x", True, "None"),
        ("192.0.2.1", "[203.0.113.7", True, "None"),
        ("192.0.2.1", "nonsense", True, "None"),
        ("", "", False, "None"),
    ],
)
def test_source_of_a_request(remote: str, forwarded: str, behind_proxy: bool, source: str, settings: object) -> None:
    settings.BEHIND_PROXY = behind_proxy  # type: ignore[attr-defined]
    request = APIRequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert str(source_of(request)) == source


def test_token_of_a_network_opens_behind_a_proxy_that_writes_ports(operator: User, settings: object) -> None:
    settings.BEHIND_PROXY = True  # type: ignore[attr-defined]
    token = tokens.issue(operator, networks=cidrs("203.0.113.0/24"))
    sent = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.7:4711"}
    assert Client().get("/api/v1/partitions/", headers=sent).status_code == 200
