"""Prefixes of a network are resized, split and merged from its page."""

import re
from typing import Any

import pytest
from django.test import Client

from ipam.domain.networks import addresses, networks
from ipam.models import Network, Project
from tests.builders import cidrs, external, ip, prefixes_of
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


def preview(web: Client, **asked: Any) -> str:
    """What the page shows of a change, as text; nothing is changed."""
    answer = web.post(PAGE, {"cidr": "198.51.100.0/25", **asked, "preview": "1"}, headers={"HX-Request": "true"})
    assert prefixes_of(Network.objects.get(pk="pool")) == ["198.51.100.0/25"]
    return " ".join(re.sub("<[^>]*>", " ", answer.content.decode()).split())


def test_preview_of_a_resize_says_what_is_gained_and_what_stays(web: Client, pool: Network, project: Project) -> None:
    addresses.allocate(pool, project=project)
    says = "4 198.51.100.0/24 1 address in it Instead of 198.51.100.0/25 Gained 198.51.100.128/25 Nothing"
    assert says in preview(web, change="resize", wanted="198.51.100.0/24")


def test_preview_of_a_smaller_prefix_says_what_is_given_up(web: Client, pool: Network) -> None:
    says = "4 198.51.100.0/26 0 addresses in it Instead of 198.51.100.0/25 Given up 198.51.100.64/26"
    assert says in preview(web, change="resize", wanted="198.51.100.0/26")


def test_preview_of_a_split_says_what_each_part_holds(web: Client, pool: Network, project: Project) -> None:
    addresses.allocate(pool, project=project, addresses=[ip("198.51.100.70")])
    says = "4 198.51.100.0/26 0 addresses in it 4 198.51.100.64/26 1 address in it Instead of 198.51.100.0/25 Nothing"
    assert says in preview(web, change="split", length=26)


def test_preview_says_what_hinders_a_change(web: Client, pool: Network, project: Project) -> None:
    addresses.allocate(pool, project=project, addresses=[ip("198.51.100.70")])
    assert "198.51.100.70" in preview(web, change="resize", wanted="198.51.100.0/26")
