"""machines/: who got which addresses, VRFs and ASN."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, networks
from ipam.models import Network, Partition, Project
from tests.api.conftest import codes, results
from tests.builders import cidrs, ip, super_network
from tests.shared import shared_fixture

MACHINES = "/api/v1/machines/"
IPS = "/api/v1/ips/"


@shared_fixture
def underlay(partition: Partition) -> Network:
    return networks.create(
        super_network(
            type="underlay",
            id="underlay-mini-lab",
            partition=partition,
            prefixes=cidrs("10.1.0.0/24"),
            default_child_prefix_length={},
        )
    )


def allocate(api: APIClient, project: Project, *networks_: Any, **more: Any) -> Any:
    attachments = [{"network": one.pk} if isinstance(one, Network) else one for one in networks_]
    body = {"id": "m1", "project": str(project.pk), "partition": "mini-lab", "networks": attachments}
    return api.post(MACHINES, body | more)


def made(response: Any) -> Any:
    assert response.status_code == 201, response.json()
    return response.json()


def test_machine_answers_every_field_of_the_contract(api: APIClient, home: Network, project: Project) -> None:
    given = {"id": "m1", "name": "web", "hostname": "web-1", "description": "front", "labels": {"rack": "1"}}
    answer = made(allocate(api, project, home, **given))
    assert answer.pop("created_at") <= answer.pop("updated_at")
    attachment = {
        "network": home.pk,
        "type": "child",
        "vrf": 1,
        "asn": 4210000001,
        "nat_type": "none",
        "private": True,
        "prefixes": ["10.0.0.0/22", "2001:db8:0:10::/96"],
        "destination_prefixes": [],
        "ips": ["10.0.0.1", "2001:db8:0:10::1"],
    }
    assert answer == given | {
        "managed_by": "",
        "project": str(project.pk),
        "partition": "mini-lab",
        "role": "machine",
        "warnings": [],
        "asn": 4210000001,
        "networks": [attachment],
        "generation": 1,
    }


def test_machine_can_be_read_again(api: APIClient, home: Network, project: Project) -> None:
    answer = made(allocate(api, project, home))
    assert api.get(f"{MACHINES}m1/").json() == answer


def test_id_is_made_when_it_is_not_given(api: APIClient, home: Network, project: Project) -> None:
    answer = made(allocate(api, project, home, id=None))
    assert api.get(f"{MACHINES}{answer['id']}/").status_code == 200


def test_addresses_are_ephemeral_named_like_the_machine_and_of_its_project(
    api: APIClient, home: Network, project: Project
) -> None:
    made(allocate(api, project, home, name="web"))
    rows = api.get(IPS, {"machine": "m1"}).json()["results"]
    assert [(row["type"], row["name"], row["project"]) for row in rows] == [("ephemeral", "web", str(project.pk))] * 2


def test_networks_keep_the_order_of_the_request(
    api: APIClient, home: Network, mini_lab: Network, project: Project
) -> None:
    answer = made(allocate(api, project, mini_lab, home))
    assert [one["network"] for one in answer["networks"]] == [mini_lab.pk, home.pk]
    assert [one["private"] for one in answer["networks"]] == [False, True]


def test_one_family_of_a_network(api: APIClient, home: Network, project: Project) -> None:
    answer = made(allocate(api, project, {"network": home.pk, "address_family": "ipv6"}))
    assert answer["networks"][0]["ips"] == ["2001:db8:0:10::1"]


def test_network_without_automatic_addresses(api: APIClient, home: Network, project: Project) -> None:
    assert made(allocate(api, project, {"network": home.pk, "auto": False}))["networks"][0]["ips"] == []


def test_named_address_stops_automatic_ones(api: APIClient, home: Network, project: Project) -> None:
    addresses.allocate(home, project=project, addresses=[ip("10.0.0.77")])
    answer = made(allocate(api, project, {"network": home.pk, "ips": ["10.0.0.77"]}))
    assert answer["networks"][0]["ips"] == ["10.0.0.77"]


def test_named_address_must_be_allocated_before(api: APIClient, home: Network, project: Project) -> None:
    response = allocate(api, project, {"network": home.pk, "ips": ["10.0.0.77"]})
    assert (response.status_code, codes(response)) == (404, [("networks.ips", "not_found")])


def test_firewall_joins_the_underlay_by_itself(
    api: APIClient, home: Network, mini_lab: Network, underlay: Network, project: Project
) -> None:
    answer = made(allocate(api, project, home, mini_lab, role="firewall"))
    assert answer["role"] == "firewall"
    assert [one["network"] for one in answer["networks"]] == [home.pk, mini_lab.pk, underlay.pk]
    assert answer["networks"][2]["ips"] == ["10.1.0.1"]


def test_answer_says_that_a_firewall_is_in_no_underlay(
    api: APIClient, home: Network, mini_lab: Network, project: Project
) -> None:
    (warning,) = made(allocate(api, project, home, mini_lab, role="firewall"))["warnings"]
    assert warning["code"] == "firewall_without_underlay"
    assert "partition mini-lab had none. Create an underlay there" in warning["detail"]


def test_firewall_needs_an_external_network(api: APIClient, home: Network, project: Project) -> None:
    response = allocate(api, project, home, role="firewall")
    assert (response.status_code, codes(response)) == (400, [("networks", "external_network_required")])


def test_machine_needs_a_private_network(api: APIClient, mini_lab: Network, project: Project) -> None:
    response = allocate(api, project, mini_lab)
    assert (response.status_code, codes(response)) == (400, [("networks", "private_network_required")])


def test_network_named_twice_is_refused(api: APIClient, home: Network, project: Project) -> None:
    assert ("networks", "duplicate_network") in codes(allocate(api, project, home, home))


def test_super_network_is_refused(api: APIClient, tenants: Network, home: Network, project: Project) -> None:
    assert codes(allocate(api, project, home, tenants)) == [("networks", "network_not_usable")]


def test_strangers_network_is_refused(api: APIClient, home: Network, stranger: Project) -> None:
    assert codes(allocate(api, stranger, home)) == [("networks", "wrong_project")]


def test_unknown_network_is_named_by_its_place(api: APIClient, home: Network, project: Project) -> None:
    response = allocate(api, project, home, {"network": "nowhere"})
    assert (response.status_code, codes(response)) == (404, [("networks.1.network", "not_found")])


def test_malformed_attachment_is_named_by_its_place(api: APIClient, home: Network, project: Project) -> None:
    response = allocate(api, project, home, {"network": home.pk, "auto": "yes"})
    assert codes(response) == [("networks.1.auto", "invalid")]


def test_taken_id_is_a_conflict(api: APIClient, home: Network, project: Project) -> None:
    made(allocate(api, project, home))
    response = allocate(api, project, home)
    assert (response.status_code, codes(response)) == (409, [("id", "already_exists")])


def test_machine_that_gets_no_address_leaves_nothing_behind(
    api: APIClient, home: Network, narrow: Network, project: Project
) -> None:
    addresses.allocate(narrow, project=project, count=2)
    response = allocate(api, project, home, narrow)
    assert (response.status_code, codes(response)) == (409, [("address_family", "exhausted")])
    assert results(api.get(MACHINES)) == []
    assert results(api.get(IPS, {"network": home.pk})) == []


def test_patch_changes_what_it_names(api: APIClient, home: Network, project: Project) -> None:
    made(allocate(api, project, home, name="web"))
    answer = api.patch(f"{MACHINES}m1/", {"hostname": "web-2"}).json()
    assert (answer["name"], answer["hostname"], answer["generation"]) == ("web", "web-2", 2)


@pytest.mark.parametrize("field", ["id", "project", "partition", "role", "networks", "asn"])
def test_what_never_changes_is_no_field_of_patch(api: APIClient, home: Network, project: Project, field: str) -> None:
    made(allocate(api, project, home))
    assert codes(api.patch(f"{MACHINES}m1/", {field: "x"})) == [(field, "unknown_field")]


def test_release_frees_addresses_and_asn(api: APIClient, home: Network, project: Project) -> None:
    first = made(allocate(api, project, home))
    assert api.delete(f"{MACHINES}m1/").status_code == 204
    second = made(allocate(api, project, home))
    assert (second["asn"], second["networks"]) == (first["asn"], first["networks"])


def test_release_detaches_static_addresses(api: APIClient, home: Network, project: Project) -> None:
    addresses.allocate(home, project=project, addresses=[ip("10.0.0.77")], type="static")
    made(allocate(api, project, {"network": home.pk, "ips": ["10.0.0.77"]}))
    api.delete(f"{MACHINES}m1/")
    assert results(api.get(IPS), "ip") == ["10.0.0.77"]
    assert results(api.get(IPS), "machine") == [None]
