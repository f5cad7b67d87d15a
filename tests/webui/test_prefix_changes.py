"""Prefixes of a network are resized, split and merged from its page."""

from typing import Any

import pytest
from django.test import Client

from ipam.domain.networks import networks
from ipam.models import Network
from tests.builders import cidrs, external, prefixes_of
from tests.shared import shared_fixture

PAGE = "/networks/pool/prefixes/change/"


@shared_fixture
def pool() -> Network:
    return networks.create(external(id="pool", vrf=9, prefixes=cidrs("198.51.100.0/25"), destination_prefixes=()))


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"change": "resize", "wanted": "198.51.100.0/24"}, ["198.51.100.0/24"]),
        ({"change": "split", "length": 26}, ["198.51.100.0/26", "198.51.100.64/26"]),
    ],
)
def test_prefix_is_changed_in_place(web: Client, pool: Network, asked: dict[str, Any], left: list[str]) -> None:
    answer = web.post(PAGE, {"cidr": "198.51.100.0/25", **asked})
    assert (answer.headers["Location"], prefixes_of(pool)) == ("/networks/pool/", left)


def test_what_is_in_the_way_is_told_on_the_form(web: Client, pool: Network) -> None:
    assert (
        "has no prefix 198.51.100.128/25 beside"
        in web.post(PAGE, {"cidr": "198.51.100.0/25", "change": "merge"}).content.decode()
    )
    assert "Say what it will be." in web.post(PAGE, {"cidr": "198.51.100.0/25", "change": "resize"}).content.decode()
