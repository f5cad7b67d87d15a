"""Lists: pages by key, stable while others write."""

import base64
from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, networks, partitions
from ipam.domain.space import utilization
from ipam.models import Network, Partition, Project
from tests.api.conftest import codes, results
from tests.builders import cidrs, external, ip
from tests.shared import shared_fixture

PARTITIONS = "/api/v1/partitions/"
KINDS = ["partitions", "projects", "vrfs", "networks", "prefixes", "ips", "machines"]
FIVE = ["p-1", "p-2", "p-3", "p-4", "p-5"]


@shared_fixture
def five() -> list[Partition]:
    """p-1 to p-5, all with the same name."""
    return [partitions.create(id=id, name="same") for id in FIVE]


def walk(api: APIClient, url: str | None, towards: str = "next", field: str = "id") -> list[list[Any]]:
    """One field of every row, page by page, following links in one direction."""
    pages = []
    while url:
        response = api.get(url)
        pages.append(results(response, field))
        url = response.json()[towards]
    return pages


def last_page(api: APIClient, url: str) -> str:
    while following := api.get(url).json()["next"]:
        url = following
    return url


def test_walk_forwards_sees_every_row_once(api: APIClient, five: list[Partition]) -> None:
    assert walk(api, f"{PARTITIONS}?limit=2") == [["p-1", "p-2"], ["p-3", "p-4"], ["p-5"]]


def test_walk_backwards_sees_the_same_rows(api: APIClient, five: list[Partition]) -> None:
    end = last_page(api, f"{PARTITIONS}?limit=2")
    assert walk(api, end, "previous") == [["p-5"], ["p-3", "p-4"], ["p-1", "p-2"]]


def test_first_page_has_no_previous_and_last_no_next(api: APIClient, five: list[Partition]) -> None:
    assert api.get(f"{PARTITIONS}?limit=2").json()["previous"] is None
    assert api.get(f"{PARTITIONS}?limit=5").json()["next"] is None


def test_there_and_back_is_the_same_page(api: APIClient, five: list[Partition]) -> None:
    second = api.get(api.get(f"{PARTITIONS}?limit=2").json()["next"]).json()
    back = api.get(second["previous"]).json()
    assert [row["id"] for row in back["results"]] == ["p-1", "p-2"]
    assert results(api.get(back["next"])) == ["p-3", "p-4"]


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [("name", FIVE), ("-name", FIVE[::-1]), ("id", FIVE), ("-id", FIVE[::-1]), ("created_at", FIVE)],
)
def test_ties_under_an_ordering_are_settled(
    api: APIClient, five: list[Partition], ordering: str, expected: list[str]
) -> None:
    pages = walk(api, f"{PARTITIONS}?limit=2&ordering={ordering}")
    assert [id for page in pages for id in page] == expected


def test_ties_are_settled_backwards_too(api: APIClient, five: list[Partition]) -> None:
    end = last_page(api, f"{PARTITIONS}?limit=2&ordering=-name")
    assert walk(api, end, "previous") == [["p-1"], ["p-3", "p-2"], ["p-5", "p-4"]]


def test_row_that_comes_before_the_place_shifts_nothing(api: APIClient, five: list[Partition]) -> None:
    following = api.get(f"{PARTITIONS}?limit=2").json()["next"]
    partitions.create(id="p-0")
    assert results(api.get(following)) == ["p-3", "p-4"]


def test_row_that_comes_after_the_place_is_seen(api: APIClient, five: list[Partition]) -> None:
    following = api.get(f"{PARTITIONS}?limit=2").json()["next"]
    partitions.create(id="p-2a")
    assert results(api.get(following)) == ["p-2a", "p-3"]


def test_deleted_rows_shift_nothing(api: APIClient, five: list[Partition]) -> None:
    following = api.get(f"{PARTITIONS}?limit=2").json()["next"]
    partitions.delete(five[0])
    partitions.delete(five[1])  # the very row that the cursor stands on
    assert results(api.get(following)) == ["p-3", "p-4"]


def test_filters_go_along_with_the_links(api: APIClient, five: list[Partition]) -> None:
    partitions.create(id="p-22", name="other")
    assert walk(api, f"{PARTITIONS}?limit=3&name=same") == [["p-1", "p-2", "p-3"], ["p-4", "p-5"]]


def test_addresses_are_walked_in_address_order_over_both_families(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    addresses.allocate(mini_lab, project=project, count=2)
    assert walk(api, "/api/v1/ips/?limit=2", field="ip") == [
        ["203.0.113.129", "203.0.113.130"],
        ["203.0.113.142", "2001:db8:0:113::1"],
        ["2001:db8:0:113::2", "2001:db8:0:113::142"],
    ]


def test_addresses_by_time_see_every_row_once(api: APIClient, mini_lab: Network, project: Project) -> None:
    addresses.allocate(mini_lab, project=project, addresses=[ip("203.0.113.200")])
    pages = walk(api, "/api/v1/ips/?limit=1&ordering=-created_at", field="ip")
    assert pages == [["203.0.113.200"], ["2001:db8:0:113::142"], ["203.0.113.142"]]


@pytest.mark.usefixtures("cloud")
def test_networks_are_ordered_by_the_utilization_of_their_fullest_family(api: APIClient, project: Project) -> None:
    networks.create(external(id="full", vrf=7, prefixes=cidrs("192.0.2.0/30"), destination_prefixes=()))
    addresses.allocate(Network.objects.get(pk="full"), project=project, count=2)
    pages = walk(api, "/api/v1/networks/?limit=3&ordering=-utilization")
    shares = [
        max(use.utilization for use in utilization.of_network(Network.objects.get(pk=key)))
        for page in pages
        for key in page
    ]
    assert (pages[0][0], shares) == ("full", sorted(shares, reverse=True))


@pytest.mark.parametrize("ordering", ["prefix", "-prefix", "length", "network", "id"])
def test_prefixes_are_walked_whole_in_any_order(
    api: APIClient, mini_lab: Network, home: Network, ordering: str
) -> None:
    pages = walk(api, f"/api/v1/prefixes/?limit=1&ordering={ordering}")
    assert sorted(id for page in pages for id in page) == sorted(results(api.get("/api/v1/prefixes/")))
    assert len(pages) == 6


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "", "1.5", "٣", "9" * 30, " 5"])
def test_limit_has_bounds(api: APIClient, limit: str) -> None:
    response = api.get(PARTITIONS, {"limit": limit})
    assert (response.status_code, codes(response)) == (400, [("limit", "invalid")])


def test_limit_is_50_if_left_out(api: APIClient, db: None) -> None:
    Partition.objects.bulk_create(Partition(pk=f"p-{number:03}") for number in range(60))
    assert len(results(api.get(PARTITIONS))) == 50


def test_limit_reaches_1000(api: APIClient, db: None) -> None:
    Partition.objects.bulk_create(Partition(pk=f"p-{number:04}") for number in range(1001))
    assert len(results(api.get(PARTITIONS, {"limit": 1000}))) == 1000


def broken(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


BROKEN = [
    "x",
    "%00",
    "é",
    "====",
    broken("nonsense"),
    broken("{}"),
    broken("[]"),
    broken('["n"]'),
    broken('["x","a","a"]'),
    broken('["n",1,2]'),
    broken('["n","",""]'),
    broken('["n",null,null]'),
    broken('["n","' + "9" * 5000 + '","' + "9" * 5000 + '"]'),
    broken('["n","\\u0000","\\u0000"]'),
    broken("[" * 100_000),
    broken("NaN"),
]


@pytest.mark.parametrize("cursor", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("kind", KINDS)
def test_broken_cursor_is_refused(api: APIClient, kind: str, cursor: str) -> None:
    response = api.get(f"/api/v1/{kind}/", {"cursor": cursor})
    assert (response.status_code, codes(response)) == (400, [("cursor", "invalid")])


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_ordering_is_refused(api: APIClient, kind: str) -> None:
    response = api.get(f"/api/v1/{kind}/", {"ordering": "password"})
    assert (response.status_code, codes(response)) == (400, [("ordering", "invalid")])


@pytest.mark.parametrize("ordering", ["-name", "id", "-id"])
def test_cursor_of_another_order_is_refused(api: APIClient, five: list[Partition], ordering: str) -> None:
    following = api.get(f"{PARTITIONS}?limit=2&ordering=name").json()["next"]
    response = api.get(following.replace("ordering=name", f"ordering={ordering}"))
    assert (response.status_code, codes(response)) == (400, [("cursor", "invalid")])
