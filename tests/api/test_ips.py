"""POST, GET, PATCH and DELETE of ips/ and allocations/."""

import uuid
from typing import Any

from rest_framework.test import APIClient

from ipam.domain.networks import addresses, networks
from ipam.models import Network, Project
from tests.api.conftest import codes, results
from tests.builders import IPV4, IPV6, cidrs, external, free_blocks, ip

IPS = "/api/v1/ips/"


def take(api: APIClient, network: Network, project: Project, **more: Any) -> Any:
    return api.post(IPS, {"network": network.pk, "project": str(project.pk), **more})


def taken(response: Any) -> list[str]:
    assert response.status_code == 201, response.json()
    return [one["ip"] for one in response.json()["ips"]]


def test_one_request_gives_a_pair_under_one_allocation(api: APIClient, mini_lab: Network, project: Project) -> None:
    response = take(api, mini_lab, project)
    ipv4, ipv6 = response.json()["ips"]
    assert taken(response) == ["203.0.113.129", "2001:db8:0:113::1"]
    assert ipv4["allocation"] == ipv6["allocation"]
    assert ipv4["id"] != ipv6["id"]


def test_pair_steps_around_the_reserved_addresses(api: APIClient, mini_lab: Network, project: Project) -> None:
    assert taken(take(api, mini_lab, project, count=14))[-2:] == ["203.0.113.143", "2001:db8:0:113::e"]


def test_drained_ipv4_refuses_the_pair_and_names_ipv4(api: APIClient, narrow: Network, project: Project) -> None:
    take(api, narrow, project, address_family="ipv4", count=2)
    response = take(api, narrow, project)
    assert response.status_code == 409
    assert codes(response) == [("address_family", "exhausted")]
    assert response.json()["detail"].startswith("IPv4 of narrow has no free address.")


def test_pair_takes_no_ipv6_when_ipv4_is_drained(api: APIClient, narrow: Network, project: Project) -> None:
    take(api, narrow, project, address_family="ipv4", count=2)
    free = free_blocks(narrow)
    assert take(api, narrow, project).status_code == 409
    assert free_blocks(narrow) == free
    assert results(api.get(IPS), "ip") == ["198.51.100.1", "198.51.100.2"]


def test_same_pair_comes_again_after_release(api: APIClient, mini_lab: Network, project: Project) -> None:
    first = take(api, mini_lab, project)
    api.delete(f"/api/v1/allocations/{first.json()['ips'][0]['allocation']}/")
    second = take(api, mini_lab, project)
    assert taken(second) == taken(first)
    assert second.json()["ips"][0]["allocation"] != first.json()["ips"][0]["allocation"]


def test_answer_has_every_field_of_the_contract(api: APIClient, mini_lab: Network, project: Project) -> None:
    given = {"name": "web", "description": "front", "labels": {"a": "b"}, "type": "static"}
    answer = take(api, mini_lab, project, address_family="ipv6", **given).json()["ips"][0]
    made = {name: answer.pop(name) for name in ("id", "allocation", "created_at", "updated_at")}
    assert all(made.values())
    assert answer == given | {
        "managed_by": "",
        "machines": [],
        "shared": None,
        "ip": "2001:db8:0:113::1",
        "address_family": "ipv6",
        "network": "internet-mini-lab",
        "prefix": "2001:db8:0:113::/64",
        "project": str(project.pk),
        "namespace": None,
        "machine": None,
        "cluster": None,
        "generation": 1,
    }


def test_one_family_gives_that_family(api: APIClient, mini_lab: Network, project: Project) -> None:
    assert taken(take(api, mini_lab, project, address_family="ipv6")) == ["2001:db8:0:113::1"]


def test_dual_stack_demands_both(api: APIClient, project: Project) -> None:
    only_ipv4 = networks.create(external(id="legacy", prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
    assert codes(take(api, only_ipv4, project, address_family="dual-stack")) == [
        ("address_family", "family_not_in_network")
    ]


def test_without_a_family_a_single_stack_network_gives_one_address(api: APIClient, project: Project) -> None:
    only_ipv4 = networks.create(external(id="legacy", prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
    assert taken(take(api, only_ipv4, project)) == ["192.0.2.1"]


def test_named_address(api: APIClient, mini_lab: Network, project: Project) -> None:
    assert taken(take(api, mini_lab, project, ip="203.0.113.200")) == ["203.0.113.200"]


def test_named_ipv6_comes_back_in_canonical_form(api: APIClient, mini_lab: Network, project: Project) -> None:
    assert taken(take(api, mini_lab, project, ip="2001:0DB8:0:0113:0:0:0:0A")) == ["2001:db8:0:113::a"]


def test_named_pair_shares_an_allocation(api: APIClient, mini_lab: Network, project: Project) -> None:
    response = take(api, mini_lab, project, ip=["2001:db8:0:113::5", "203.0.113.133"])
    assert taken(response) == ["203.0.113.133", "2001:db8:0:113::5"]
    assert len({one["allocation"] for one in response.json()["ips"]}) == 1


def test_two_named_addresses_of_one_family_are_refused(api: APIClient, mini_lab: Network, project: Project) -> None:
    assert codes(take(api, mini_lab, project, ip=["203.0.113.150", "203.0.113.151"])) == [("ip", "invalid")]


def test_named_address_excludes_a_family(api: APIClient, mini_lab: Network, project: Project) -> None:
    response = take(api, mini_lab, project, ip="203.0.113.150", address_family="ipv4")
    assert (response.status_code, codes(response)) == (400, [("ip", "ip_and_address_family")])


def test_taken_address_is_refused_and_its_holder_named(
    api: APIClient, mini_lab: Network, project: Project, reserved: Project
) -> None:
    response = take(api, mini_lab, project, ip="203.0.113.142")
    assert (response.status_code, codes(response)) == (409, [("ip", "already_allocated")])
    assert response.json()["detail"].startswith(f"203.0.113.142 is held by project {reserved}")


def test_broadcast_address_is_refused(api: APIClient, mini_lab: Network, project: Project) -> None:
    response = take(api, mini_lab, project, ip="203.0.113.255")
    assert (response.status_code, codes(response)) == (400, [("ip", "reserved_address")])


def test_address_outside_the_network_is_refused(api: APIClient, mini_lab: Network, project: Project) -> None:
    response = take(api, mini_lab, project, ip="192.0.2.1")
    assert (response.status_code, codes(response)) == (400, [("ip", "not_in_prefix")])


def test_count_repeats_the_allocation(api: APIClient, mini_lab: Network, project: Project) -> None:
    response = take(api, mini_lab, project, count=2)
    assert taken(response) == ["203.0.113.129", "2001:db8:0:113::1", "203.0.113.130", "2001:db8:0:113::2"]
    assert len({one["allocation"] for one in response.json()["ips"]}) == 2


def test_count_beyond_what_is_free_takes_nothing(api: APIClient, narrow: Network, project: Project) -> None:
    response = take(api, narrow, project, count=3)
    assert (response.status_code, codes(response)) == (409, [("address_family", "exhausted")])
    assert results(api.get(IPS)) == []


def test_count_has_bounds(api: APIClient, mini_lab: Network, project: Project) -> None:
    assert [codes(take(api, mini_lab, project, count=count)) for count in (0, 1001)] == [[("count", "invalid")]] * 2


def test_strangers_network_gives_nothing(api: APIClient, home: Network, stranger: Project) -> None:
    response = take(api, home, stranger)
    assert (response.status_code, codes(response)) == (400, [("project", "wrong_project")])


def test_super_network_gives_no_addresses(api: APIClient, tenants: Network, project: Project) -> None:
    response = take(api, tenants, project)
    assert (response.status_code, codes(response)) == (400, [("network", "network_not_usable")])


def test_unknown_network_is_named(api: APIClient, project: Project) -> None:
    response = api.post(IPS, {"network": "nowhere", "project": str(project.pk)})
    assert (response.status_code, codes(response)) == (404, [("network", "not_found")])


def test_address_can_be_read_again(api: APIClient, mini_lab: Network, project: Project) -> None:
    made = take(api, mini_lab, project).json()["ips"][0]
    assert api.get(f"{IPS}{made['id']}/").json() == made


def test_list_is_in_address_order(api: APIClient, mini_lab: Network, project: Project) -> None:
    take(api, mini_lab, project)
    assert results(api.get(IPS), "ip") == [
        "203.0.113.129",
        "203.0.113.142",
        "2001:db8:0:113::1",
        "2001:db8:0:113::142",
    ]


def test_patch_changes_what_it_names(api: APIClient, mini_lab: Network, project: Project) -> None:
    made = take(api, mini_lab, project, name="old", labels={"a": "b"}).json()["ips"][0]
    answer = api.patch(f"{IPS}{made['id']}/", {"name": "new"}).json()
    assert (answer["name"], answer["labels"], answer["generation"]) == ("new", {"a": "b"}, 2)


def test_ephemeral_becomes_static(api: APIClient, mini_lab: Network, project: Project) -> None:
    made = take(api, mini_lab, project).json()["ips"][0]
    assert api.patch(f"{IPS}{made['id']}/", {"type": "static"}).json()["type"] == "static"


def test_static_never_becomes_ephemeral(api: APIClient, mini_lab: Network, project: Project) -> None:
    made = take(api, mini_lab, project, type="static").json()["ips"][0]
    response = api.patch(f"{IPS}{made['id']}/", {"type": "ephemeral"})
    assert (response.status_code, codes(response)) == (400, [("type", "static_to_ephemeral")])


def test_address_itself_never_changes(api: APIClient, mini_lab: Network, project: Project) -> None:
    made = take(api, mini_lab, project).json()["ips"][0]
    response = api.patch(f"{IPS}{made['id']}/", {"ip": "203.0.113.200"})
    assert (response.status_code, codes(response)) == (400, [("ip", "unknown_field")])


def test_delete_of_one_address_keeps_the_other(api: APIClient, mini_lab: Network, project: Project) -> None:
    ipv4, ipv6 = take(api, mini_lab, project).json()["ips"]
    assert api.delete(f"{IPS}{ipv4['id']}/").status_code == 204
    assert api.get(f"{IPS}{ipv4['id']}/").status_code == 404
    assert api.get(f"{IPS}{ipv6['id']}/").status_code == 200


def test_delete_of_an_allocation_releases_both(api: APIClient, mini_lab: Network, project: Project) -> None:
    free = free_blocks(mini_lab)
    allocation = take(api, mini_lab, project).json()["ips"][0]["allocation"]
    assert api.delete(f"/api/v1/allocations/{allocation}/").status_code == 204
    assert free_blocks(mini_lab) == free


def test_unknown_allocation_is_not_found(api: APIClient) -> None:
    response = api.delete(f"/api/v1/allocations/{uuid.uuid4()}/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_address_of_a_machine_is_not_released_by_itself(api: APIClient, home: Network, project: Project) -> None:
    networks_ = [{"network": home.pk}]
    api.post(
        "/api/v1/machines/", {"id": "m1", "project": str(project.pk), "partition": "mini-lab", "networks": networks_}
    )
    made = api.get(IPS).json()["results"][0]
    response = api.delete(f"{IPS}{made['id']}/")
    assert (response.status_code, response.json()["code"]) == (409, "in_use")
    assert api.delete(f"/api/v1/allocations/{made['allocation']}/").status_code == 409


def test_address_taken_through_the_domain_is_listed(api: APIClient, mini_lab: Network, project: Project) -> None:
    addresses.allocate(mini_lab, project=project, addresses=[ip("203.0.113.222")])
    assert results(api.get(IPS, {"ip": "203.0.113.222"}), "project") == [str(project.pk)]


def test_completion_gives_the_counterpart_in_the_same_allocation(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    (ipv4,) = addresses.allocate(mini_lab, project=project, families=[IPV4])
    api.post("/api/v1/networks/internet-mini-lab/complete/", {"address_family": IPV6.key})
    assert results(api.get(IPS, {"allocation": str(ipv4.allocation)}), "address_family") == ["ipv4", "ipv6"]


def test_halves_are_joined_and_parted_again(api: APIClient, mini_lab: Network, project: Project) -> None:
    halves = [addresses.allocate(mini_lab, project=project, families=[one], name="web")[0] for one in (IPV4, IPV6)]
    asked = {"ips": [str(one.pk) for one in halves]}
    tried = api.post("/api/v1/allocations/join/?dry_run=true", asked)
    joined = api.post("/api/v1/allocations/join/", asked)
    assert (tried.status_code, tried.json()["dry_run"], joined.status_code) == (200, True, 200)
    ipv4, ipv6 = joined.json()["ips"]
    assert (ipv4["ip"], ipv6["ip"], ipv4["allocation"]) == ("203.0.113.129", "2001:db8:0:113::1", ipv6["allocation"])
    parted = api.post(f"/api/v1/allocations/{ipv4['allocation']}/part/")
    assert parted.status_code == 200
    assert [one["allocation"] == ipv4["allocation"] for one in parted.json()["ips"]] == [True, False]


def test_joining_again_by_the_same_key_is_answered_alike(api: APIClient, mini_lab: Network, project: Project) -> None:
    halves = [addresses.allocate(mini_lab, project=project, families=[one], name="web")[0] for one in (IPV4, IPV6)]
    asked = {"ips": [str(one.pk) for one in halves]}
    first, again = (api.post("/api/v1/allocations/join/", asked, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())


def test_two_of_one_family_are_no_pair(api: APIClient, mini_lab: Network, project: Project) -> None:
    halves = addresses.allocate(mini_lab, project=project, families=[IPV4], count=2)
    refused = api.post("/api/v1/allocations/join/", {"ips": [str(one.pk) for one in halves]})
    assert (refused.status_code, codes(refused)) == (400, [("ips", "invalid")])
