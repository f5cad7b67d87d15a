"""prefixes/: list, detail, free space and the map."""

from fractions import Fraction
from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, networks
from ipam.models import Network, Prefix, Project
from tests.api.conftest import codes, results
from tests.builders import IPV4, child, ip, super_network

PREFIXES = "/api/v1/prefixes/"


def ipv4_of(network: Network) -> Prefix:
    return network.prefixes.get(family=4)


def cells(api: APIClient, prefix: Prefix, **query: Any) -> Any:
    return api.get(f"{PREFIXES}{prefix.pk}/map/", query).json()["cells"]


def test_list_is_in_address_order(api: APIClient, mini_lab: Network, home: Network) -> None:
    assert results(api.get(PREFIXES, {"address_family": "ipv4"}), "prefix") == [
        "10.0.0.0/16",
        "10.0.0.0/22",
        "203.0.113.128/25",
    ]


def test_detail_has_every_field_of_the_contract(api: APIClient, home: Network, tenants: Network) -> None:
    answer = api.get(f"{PREFIXES}{ipv4_of(home).pk}/").json()
    assert answer.pop("created_at") <= answer.pop("updated_at")
    use = {
        "total_ips": "1024",
        "used_ips": "0",
        "reserved_ips": "2",
        "cooling_ips": "0",
        "available_ips": "1022",
        "used_prefixes": "0",
        "available_prefixes": None,
        "utilization": 0.0,
    }
    assert answer == {
        "id": ipv4_of(home).pk,
        "prefix": "10.0.0.0/22",
        "network": home.pk,
        "address_family": "ipv4",
        "parent": ipv4_of(tenants).pk,
        "namespace": None,
        "length": 22,
        "gateway": None,
        "reserve_ends": True,
        "consumption": use,
        "generation": 1,
    }


def test_unknown_prefix_is_not_found(api: APIClient) -> None:
    response = api.get(f"{PREFIXES}1/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_prefixes_come_and_go_with_their_networks(api: APIClient, mini_lab: Network) -> None:
    url = f"{PREFIXES}{ipv4_of(mini_lab).pk}/"
    assert [api.delete(url).status_code, api.post(PREFIXES, {}).status_code] == [405, 405]


def test_free_space_of_one_prefix(api: APIClient, home: Network, tenants: Network) -> None:
    answer = api.get(f"{PREFIXES}{ipv4_of(tenants).pk}/free/", {"length": 22}).json()
    assert (answer["ipv4"]["fits"], answer["ipv4"]["next"]) == ("63", "10.0.4.0/22")
    assert answer.keys() == {"ipv4"}


def test_map_cells_tile_the_prefix(api: APIClient, home: Network) -> None:
    found = cells(api, ipv4_of(home), cells=4)
    assert [cell["cidr"] for cell in found] == ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]


def test_map_has_256_cells_if_left_out(api: APIClient, home: Network) -> None:
    assert len(cells(api, ipv4_of(home))) == 256


def test_map_has_no_more_cells_than_addresses(api: APIClient, narrow: Network) -> None:
    assert [cell["state"] for cell in cells(api, ipv4_of(narrow))] == ["reserved", "free", "free", "reserved"]


def test_map_shows_what_each_cell_is(api: APIClient, narrow: Network, project: Project) -> None:
    addresses.allocate(narrow, project=project, addresses=[ip("198.51.100.2")])
    assert [(cell["state"], cell["used"]) for cell in cells(api, ipv4_of(narrow))] == [
        ("reserved", 0.0),
        ("free", 0.0),
        ("full", 1.0),
        ("reserved", 0.0),
    ]


def test_map_of_a_super_network_shows_its_children(api: APIClient, home: Network, tenants: Network) -> None:
    found = cells(api, ipv4_of(tenants), cells=8)
    assert [(cell["state"], cell["used"]) for cell in found] == [("partial", 0.125)] + [("free", 0.0)] * 7


@pytest.mark.parametrize("count", [1, 2, 16, 256, 1024])
@pytest.mark.parametrize("family", [4, 6])
def test_map_cells_sum_up_to_the_consumption(
    api: APIClient, home: Network, tenants: Network, project: Project, count: int, family: int
) -> None:
    networks.create(child(parent=tenants, project=project))
    prefix = tenants.prefixes.get(family=family)
    share = sum(Fraction(cell["used"]) for cell in cells(api, prefix, cells=count)) / count
    use = api.get(f"{PREFIXES}{prefix.pk}/").json()["consumption"]
    assert share == Fraction(int(use["used_ips"]), int(use["total_ips"]))


def test_map_in_a_namespace(api: APIClient, project: Project, stranger: Project) -> None:
    spaces = networks.create(super_network(type="super-namespaced", id="spaces"))
    networks.create(child(parent=spaces, project=project))
    mine, theirs, nobodys = (
        cells(api, ipv4_of(spaces), cells=64, **query)[0]["state"]
        for query in ({"namespace": str(project.pk)}, {"namespace": str(stranger.pk)}, {})
    )
    assert (mine, theirs, nobodys) == ("full", "free", "free")


def test_free_space_of_a_project_that_took_all_of_a_namespace(api: APIClient, project: Project) -> None:
    spaces = networks.create(super_network(type="super-namespaced", id="spaces"))
    networks.create(child(parent=spaces, project=project, length={IPV4: 17}))
    networks.create(child(parent=spaces, project=project, length={IPV4: 17}))
    answer = api.get(f"{PREFIXES}{ipv4_of(spaces).pk}/free/", {"namespace": str(project.pk), "length": 24}).json()
    assert answer["ipv4"] == {"blocks": [], "available_ips": "0", "length": 24, "fits": "0", "next": None}


@pytest.mark.parametrize("view", ["map", "free"])
def test_namespace_of_shared_space_is_refused(api: APIClient, home: Network, project: Project, view: str) -> None:
    response = api.get(f"{PREFIXES}{ipv4_of(home).pk}/{view}/", {"namespace": str(project.pk)})
    assert (response.status_code, codes(response)) == (400, [("namespace", "invalid")])


@pytest.mark.parametrize("count", ["0", "3", "-1", "8192", "x", "", "２", "1" * 30])
def test_number_of_cells_is_a_power_of_two(api: APIClient, home: Network, count: str) -> None:
    response = api.get(f"{PREFIXES}{ipv4_of(home).pk}/map/", {"cells": count})
    assert (response.status_code, codes(response)) == (400, [("cells", "invalid")])
