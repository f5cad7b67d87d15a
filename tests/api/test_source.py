"""Where a request comes from, which a token may be limited to."""

import pytest
from rest_framework.test import APIRequestFactory

from ipam.api.authentication import source_of


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
        ("192.0.2.1", "nonsense", True, "None"),
        ("", "", False, "None"),
    ],
)
def test_source_of_a_request(remote: str, forwarded: str, behind_proxy: bool, source: str, settings: object) -> None:
    settings.BEHIND_PROXY = behind_proxy  # type: ignore[attr-defined]
    request = APIRequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert str(source_of(request)) == source
