"""networks/: create every type, change, give and take prefixes, gain a family, complete, free, delete."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, networks
from ipam.models import Network, Partition, Project
from tests.api.conftest import codes, results
from tests.builders import IPV4, cidrs, external, super_network

NETWORKS = "/api/v1/networks/"
MINI_LAB_SUPER = {
    "id": "tenant-super-network-mini-lab",
    "type": "super",
    "name": "Project Super Network",
    "partition": "mini-lab",
    "prefixes": ["10.0.0.0/16", "2001:db8:0:10::/64"],
    "default_child_prefix_length": {"ipv4": 22, "ipv6": 96},
    "additional_announcable_cidrs": ["10.240.0.0/12"],
}


def made(response: Any) -> Any:
    assert response.status_code == 201, response.json()
    return response.json()


def carve(api: APIClient, project: Project, **more: Any) -> Any:
    return api.post(NETWORKS, {"type": "child", "project": str(project.pk), "partition": "mini-lab", **more})


def patch(api: APIClient, network: Network, **changes: Any) -> Any:
    return api.patch(f"{NETWORKS}{network.pk}/", changes)


# --- Create ---------------------------------------------------------------------------------------
def test_super_answers_every_field_of_the_contract(api: APIClient, partition: Partition) -> None:
    answer = made(api.post(NETWORKS, MINI_LAB_SUPER))
    assert answer.pop("created_at") <= answer.pop("updated_at")
    assert answer.pop("consumption").keys() == {"ipv4", "ipv6"}
    assert answer == MINI_LAB_SUPER | {
        "managed_by": "",
        "description": "",
        "stack": "dual",
        "project": None,
        "namespace": None,
        "parent": None,
        "vrf": None,
        "vrf_shared": False,
        "nat_type": "none",
        "address_families": ["ipv4", "ipv6"],
        "destination_prefixes": [],
        "min_child_prefix_length": {},
        "child_choice": "best-fit",
        "quarantine": {},
        "quarantine_strict": False,
        "cluster_ranges": "per-vrf",
        "labels": {},
        "generation": 1,
    }


def test_consumption_counts_are_exact_strings(api: APIClient, partition: Partition) -> None:
    assert made(api.post(NETWORKS, MINI_LAB_SUPER))["consumption"]["ipv6"] == {
        "total_ips": "18446744073709551616",
        "used_ips": "0",
        "reserved_ips": "0",
        "cooling_ips": "0",
        "available_ips": "18446744073709551616",
        "used_prefixes": "0",
        "available_prefixes": "4294967296",
        "utilization": 0.0,
    }


def test_available_prefixes_are_null_outside_super_networks(api: APIClient, mini_lab: Network) -> None:
    use = api.get(f"{NETWORKS}{mini_lab.pk}/").json()["consumption"]["ipv4"]
    assert (use["total_ips"], use["used_ips"], use["reserved_ips"], use["available_prefixes"]) == (
        "128",
        "1",
        "2",
        None,
    )


def test_external(api: APIClient, partition: Partition) -> None:
    body = {
        "id": "internet-mini-lab",
        "type": "external",
        "partition": "mini-lab",
        "vrf": 104009,
        "nat_type": "ipv4-masquerade",
        "prefixes": ["2001:db8:0:113::/64", "203.0.113.128/25"],
        "destination_prefixes": ["0.0.0.0/0", "::/0"],
    }
    answer = made(api.post(NETWORKS, body))
    assert answer["prefixes"] == ["203.0.113.128/25", "2001:db8:0:113::/64"]
    assert (answer["vrf"], answer["nat_type"], answer["type"]) == (104009, "ipv4-masquerade", "external")


def test_underlay(api: APIClient, partition: Partition) -> None:
    body = {"id": "underlay-mini-lab", "type": "underlay", "partition": "mini-lab", "prefixes": ["10.1.0.0/24"]}
    answer = made(api.post(NETWORKS, body))
    assert (answer["type"], answer["vrf"], answer["address_families"]) == ("underlay", None, ["ipv4"])


def test_super_namespaced(api: APIClient, db: None) -> None:
    body = {**MINI_LAB_SUPER, "type": "super-namespaced"}
    del body["partition"]
    assert made(api.post(NETWORKS, body))["type"] == "super-namespaced"


def test_children_are_carved_dual_stack_lowest_first(api: APIClient, tenants: Network, project: Project) -> None:
    first, second = made(carve(api, project)), made(carve(api, project))
    assert first["prefixes"] == ["10.0.0.0/22", "2001:db8:0:10::/96"]
    assert second["prefixes"] == ["10.0.4.0/22", "2001:db8:0:10:0:1::/96"]


def test_child_inherits_and_points_to_its_parent(api: APIClient, tenants: Network, project: Project) -> None:
    child = made(carve(api, project, name="home"))
    inherited = {name: child[name] for name in ("type", "parent", "partition", "project", "name", "vrf")}
    assert inherited == {
        "type": "child",
        "parent": "tenants",
        "partition": "mini-lab",
        "project": str(project.pk),
        "name": "home",
        "vrf": 1,
    }


def test_child_of_a_named_parent_with_its_own_lengths(api: APIClient, tenants: Network, project: Project) -> None:
    body = {"type": "child", "project": str(project.pk), "parent": "tenants", "length": {"ipv4": 24, "ipv6": 80}}
    assert made(api.post(NETWORKS, body))["prefixes"] == ["10.0.0.0/24", "2001:db8:0:10::/80"]


def test_child_of_one_family(api: APIClient, tenants: Network, project: Project) -> None:
    assert made(carve(api, project, address_family="ipv6"))["prefixes"] == ["2001:db8:0:10::/96"]


def test_child_shared(api: APIClient, tenants: Network, project: Project) -> None:
    assert made(carve(api, project, type="child-shared"))["type"] == "child-shared"


def test_children_of_two_projects_are_equal_in_a_namespaced_super(
    api: APIClient, project: Project, stranger: Project
) -> None:
    networks.create(super_network(type="super-namespaced", id="spaces"))
    bodies = [{"type": "child", "project": str(one.pk), "parent": "spaces"} for one in (project, stranger)]
    answers = [made(api.post(NETWORKS, body)) for body in bodies]
    assert [answer["prefixes"] for answer in answers] == [["10.0.0.0/22", "2001:db8:0:10::/96"]] * 2
    assert [answer["namespace"] for answer in answers] == [str(project.pk), str(stranger.pk)]


def test_child_needs_room_in_both_families(api: APIClient, partition: Partition, project: Project) -> None:
    networks.create(super_network(partition=partition, prefixes=cidrs("10.0.0.0/21", "2001:db8:0:10::/64")))
    made(carve(api, project))
    made(carve(api, project))
    response = carve(api, project)
    assert (response.status_code, codes(response)) == (409, [("address_family", "exhausted")])
    assert response.json()["detail"].startswith("IPv4 of tenants has no room for a /22.")
    assert len(results(api.get(NETWORKS, {"type": "child"}))) == 2


def test_all_missing_and_forbidden_fields_are_reported_together(api: APIClient, partition: Partition) -> None:
    body = {"type": "external", "default_child_prefix_length": {"ipv4": 24}, "prefixes": ["192.0.2.0/24"]}
    assert sorted(codes(api.post(NETWORKS, body))) == [
        ("default_child_prefix_length", "forbidden_field"),
        ("id", "required"),
        ("vrf", "required"),
    ]


def test_host_bits_are_refused_with_the_corrected_form(api: APIClient, partition: Partition) -> None:
    body = {"id": "internet", "type": "external", "vrf": 1, "prefixes": ["192.0.2.1/24"]}
    response = api.post(NETWORKS, body)
    assert (response.status_code, codes(response)) == (400, [("prefixes", "prefix_not_canonical")])
    assert response.json()["detail"] == "192.0.2.1/24 has host bits set; the prefix is 192.0.2.0/24."


def test_overlap_names_the_holder(api: APIClient, mini_lab: Network) -> None:
    body = {"id": "again", "type": "external", "vrf": 9, "prefixes": ["203.0.113.0/24"]}
    response = api.post(NETWORKS, body)
    assert (response.status_code, codes(response)) == (409, [("prefixes", "overlap")])
    assert response.json()["detail"].startswith("203.0.113.0/24 overlaps 203.0.113.128/25 of network internet-mini-lab")


def test_taken_id_is_a_conflict(api: APIClient, mini_lab: Network) -> None:
    body = {"id": mini_lab.pk, "type": "external", "vrf": 9, "prefixes": ["192.0.2.0/24"]}
    response = api.post(NETWORKS, body)
    assert (response.status_code, codes(response)) == (409, [("id", "already_exists")])


def test_taken_vrf_is_a_conflict(api: APIClient, mini_lab: Network) -> None:
    body = {"id": "again", "type": "external", "vrf": 104009, "prefixes": ["192.0.2.0/24"]}
    response = api.post(NETWORKS, body)
    assert (response.status_code, codes(response)) == (409, [("vrf", "vrf_in_use")])


def test_second_super_of_a_partition_is_a_conflict(api: APIClient, tenants: Network) -> None:
    response = api.post(NETWORKS, MINI_LAB_SUPER | {"prefixes": ["10.8.0.0/16", "2001:db8:8::/64"]})
    assert (response.status_code, codes(response)) == (409, [("partition", "one_super_per_partition")])


# --- Change ---------------------------------------------------------------------------------------
def test_patch_changes_what_it_names_and_counts_the_change(api: APIClient, mini_lab: Network) -> None:
    answer = patch(api, mini_lab, name="Internet", labels={"tier": "gold"}).json()
    assert (answer["name"], answer["labels"], answer["generation"]) == ("Internet", {"tier": "gold"}, 2)
    assert answer["prefixes"] == ["203.0.113.128/25", "2001:db8:0:113::/64"]


def test_patch_of_prefixes_is_the_whole_new_list(api: APIClient, tenants: Network) -> None:
    answer = patch(api, tenants, prefixes=["10.0.0.0/16", "10.8.0.0/16", "2001:db8:0:10::/64"]).json()
    assert answer["prefixes"] == ["10.0.0.0/16", "10.8.0.0/16", "2001:db8:0:10::/64"]
    answer = patch(api, tenants, prefixes=["10.8.0.0/16", "2001:db8:0:10::/64"]).json()
    assert answer["prefixes"] == ["10.8.0.0/16", "2001:db8:0:10::/64"]


def test_patch_adds_a_family_together_with_its_child_length(api: APIClient, partition: Partition) -> None:
    ipv4 = networks.create(super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22}))
    answer = patch(
        api,
        ipv4,
        prefixes=["10.0.0.0/16", "2001:db8:0:10::/64"],
        default_child_prefix_length={"ipv4": 22, "ipv6": 96},
    ).json()
    assert answer["address_families"] == ["ipv4", "ipv6"]
    assert answer["default_child_prefix_length"] == {"ipv4": 22, "ipv6": 96}


def test_prefix_with_addresses_stays(api: APIClient, mini_lab: Network) -> None:
    response = patch(api, mini_lab, prefixes=["203.0.113.128/25"], destination_prefixes=["0.0.0.0/0"])
    assert (response.status_code, codes(response)) == (409, [("prefixes", "has_ips")])


def test_prefix_with_children_stays(api: APIClient, home: Network, tenants: Network) -> None:
    response = patch(api, tenants, prefixes=["10.0.0.0/16"], default_child_prefix_length={"ipv4": 22})
    assert (response.status_code, codes(response)) == (409, [("prefixes", "has_children")])


def test_last_prefix_stays(api: APIClient, tenants: Network) -> None:
    assert codes(patch(api, tenants, prefixes=[], default_child_prefix_length={}))[0] == ("prefixes", "last_prefix")


def test_prefixes_of_a_child_never_change(api: APIClient, home: Network) -> None:
    response = patch(api, home, prefixes=["10.99.0.0/22"])
    assert (response.status_code, codes(response)) == (400, [("prefixes", "prefixes_immutable")])


def test_dropping_an_announcable_cidr_needs_force(api: APIClient, partition: Partition) -> None:
    made(api.post(NETWORKS, MINI_LAB_SUPER))
    url = f"{NETWORKS}tenant-super-network-mini-lab/"
    response = api.patch(url, {"additional_announcable_cidrs": []})
    assert (response.status_code, codes(response)) == (
        400,
        [("additional_announcable_cidrs", "announcable_cidr_needs_force")],
    )
    assert api.patch(url, {"additional_announcable_cidrs": [], "force": True}).status_code == 200
    assert api.get(url).json()["additional_announcable_cidrs"] == []


@pytest.mark.parametrize("field", ["id", "type", "parent", "project", "partition", "namespace", "vrf"])
def test_what_never_changes_is_no_field_of_patch(api: APIClient, mini_lab: Network, field: str) -> None:
    assert codes(patch(api, mini_lab, **{field: "x"})) == [(field, "unknown_field")]


def test_stack_does_not_drop_a_family_that_has_prefixes(api: APIClient, mini_lab: Network) -> None:
    assert codes(patch(api, mini_lab, stack="ipv4")) == [("stack", "family_not_allowed")]


# --- Prefixes -------------------------------------------------------------------------------------
def test_one_prefix_comes_and_goes(api: APIClient, mini_lab: Network) -> None:
    url = f"{NETWORKS}{mini_lab.pk}/prefixes/"
    before = ["203.0.113.128/25", "2001:db8:0:113::/64"]
    assert made(api.post(url, {"prefix": "192.0.2.0/24"}))["prefixes"] == [before[0], "192.0.2.0/24", before[1]]
    assert api.delete(f"{url}?prefix=192.0.2.0/24").status_code == 204
    assert api.get(f"{NETWORKS}{mini_lab.pk}/").json()["prefixes"] == before


def test_super_gains_a_family_by_a_prefix_with_its_child_length(api: APIClient, partition: Partition) -> None:
    networks.create(super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22}))
    url = f"{NETWORKS}tenants/prefixes/"
    response = api.post(url, {"prefix": "2001:db8:0:10::/64"})
    assert codes(response) == [("default_child_prefix_length", "missing_default_child_prefix_length")]
    answer = made(api.post(url, {"prefix": "2001:db8:0:10::/64", "default_child_prefix_length": 96}))
    assert answer["default_child_prefix_length"] == {"ipv4": 22, "ipv6": 96}


def test_unknown_prefix_is_not_removed(api: APIClient, mini_lab: Network) -> None:
    response = api.delete(f"{NETWORKS}{mini_lab.pk}/prefixes/?prefix=192.0.2.0/24")
    assert (response.status_code, codes(response)) == (404, [("prefix", "not_found")])


def test_malformed_prefix_to_remove_is_named(api: APIClient, mini_lab: Network) -> None:
    response = api.delete(f"{NETWORKS}{mini_lab.pk}/prefixes/?prefix=everything")
    assert (response.status_code, codes(response)) == (400, [("prefix", "invalid_cidr")])


def test_used_prefix_is_not_removed(api: APIClient, mini_lab: Network) -> None:
    api.patch(f"{NETWORKS}{mini_lab.pk}/", {"destination_prefixes": []})
    response = api.delete(f"{NETWORKS}{mini_lab.pk}/prefixes/?prefix=203.0.113.128/25")
    assert (response.status_code, codes(response)) == (409, [("prefixes", "has_ips")])


# --- From one family to two -----------------------------------------------------------------------
def test_child_gains_its_second_family(api: APIClient, tenants: Network, project: Project) -> None:
    child = made(carve(api, project, address_family="ipv4"))
    answer = made(api.post(f"{NETWORKS}{child['id']}/families/", {"address_family": "ipv6"}))
    assert answer["prefixes"] == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_second_family_in_a_length_of_its_own(api: APIClient, tenants: Network, project: Project) -> None:
    child = made(carve(api, project, address_family="ipv4"))
    answer = made(api.post(f"{NETWORKS}{child['id']}/families/", {"address_family": "ipv6", "length": 80}))
    assert answer["prefixes"] == ["10.0.0.0/22", "2001:db8:0:10::/80"]


def test_family_that_is_there_is_a_conflict(api: APIClient, home: Network) -> None:
    response = api.post(f"{NETWORKS}{home.pk}/families/", {"address_family": "ipv6"})
    assert (response.status_code, codes(response)) == (409, [("address_family", "already_exists")])


def complete(api: APIClient, network: Network, query: str = "", **body: Any) -> Any:
    return api.post(f"{NETWORKS}{network.pk}/complete/{query}", body).json()


def test_completion_runs_in_batches_until_nothing_remains(api: APIClient, home: Network, project: Project) -> None:
    addresses.allocate(home, project=project, families=[IPV4], count=3)
    batches = [complete(api, home, address_family="ipv6", limit=2) for _ in range(3)]
    assert batches == [
        {"completed": 2, "remaining": 1, "refused": []},
        {"completed": 1, "remaining": 0, "refused": []},
        {"completed": 0, "remaining": 0, "refused": []},
    ]


def test_completion_can_be_previewed(api: APIClient, home: Network, project: Project) -> None:
    addresses.allocate(home, project=project, families=[IPV4], count=3)
    answer = complete(api, home, "?dry_run=true", address_family="ipv6")
    assert answer == {"completed": 3, "remaining": 0, "refused": [], "dry_run": True}
    assert home.addresses.count() == 3


def test_completion_says_what_it_could_not_do(api: APIClient, project: Project) -> None:
    tight = networks.create(
        external(id="tight", prefixes=cidrs("192.0.2.0/24", "2001:db8::/127"), destination_prefixes=[])
    )
    taken = addresses.allocate(tight, project=project, families=[IPV4], count=3)
    answer = complete(api, tight, address_family="ipv6")
    assert (answer["completed"], answer["remaining"]) == (2, 0)
    (refused,) = answer["refused"]
    assert (refused["allocation"], refused["code"]) == (str(taken[2].allocation), "exhausted")


def test_completion_needs_the_family(api: APIClient, project: Project) -> None:
    legacy = networks.create(external(id="legacy", prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
    response = api.post(f"{NETWORKS}{legacy.pk}/complete/", {"address_family": "ipv6"})
    assert (response.status_code, codes(response)) == (400, [("address_family", "family_not_in_network")])


# --- Free space -----------------------------------------------------------------------------------
def free(api: APIClient, network: Network, **query: Any) -> Any:
    return api.get(f"{NETWORKS}{network.pk}/free/", query).json()


def test_free_blocks_are_listed_largest_first(api: APIClient, home: Network, tenants: Network) -> None:
    answer = free(api, tenants, address_family="ipv4")
    assert answer.keys() == {"ipv4"}
    assert answer["ipv4"]["blocks"] == [
        "10.0.128.0/17",
        "10.0.64.0/18",
        "10.0.32.0/19",
        "10.0.16.0/20",
        "10.0.8.0/21",
        "10.0.4.0/22",
    ]
    assert answer["ipv4"]["available_ips"] == "64512"


def test_free_says_how_many_fit_and_which_is_next(api: APIClient, home: Network, tenants: Network) -> None:
    answer = free(api, tenants, address_family="ipv6", length=96)["ipv6"]
    assert (answer["fits"], answer["next"]) == ("4294967295", "2001:db8:0:10:0:1::/96")


def test_what_free_calls_next_is_what_a_child_gets(api: APIClient, tenants: Network, project: Project) -> None:
    expected = free(api, tenants, address_family="ipv4", length=26)["ipv4"]["next"]
    assert made(carve(api, project, length={"ipv4": 26}))["prefixes"] == [expected]


def test_free_in_a_namespace(api: APIClient, project: Project, stranger: Project) -> None:
    spaces = networks.create(super_network(type="super-namespaced", id="spaces"))
    api.post(NETWORKS, {"type": "child", "project": str(project.pk), "parent": "spaces"})
    nexts = [free(api, spaces, length=22, namespace=str(one.pk))["ipv4"]["next"] for one in (project, stranger)]
    assert nexts == ["10.0.4.0/22", "10.0.0.0/22"]


@pytest.mark.parametrize("query", [{"length": "33", "address_family": "ipv4"}, {"length": "x"}, {"length": "129"}])
def test_free_refuses_a_length_that_is_none(api: APIClient, tenants: Network, query: dict[str, str]) -> None:
    response = api.get(f"{NETWORKS}{tenants.pk}/free/", query)
    assert (response.status_code, codes(response)) == (400, [("length", "invalid")])


# --- Delete ---------------------------------------------------------------------------------------
def test_deleted_child_gives_its_space_back(api: APIClient, tenants: Network, project: Project) -> None:
    child = made(carve(api, project))
    assert api.delete(f"{NETWORKS}{child['id']}/").status_code == 204
    assert free(api, tenants)["ipv4"]["blocks"] == ["10.0.0.0/16"]
    assert results(api.get("/api/v1/vrfs/")) == []


def test_network_with_children_stays(api: APIClient, home: Network) -> None:
    response = api.delete(f"{NETWORKS}tenants/")
    assert (response.status_code, response.json()["code"]) == (409, "has_children")


def test_network_with_addresses_stays(api: APIClient, mini_lab: Network) -> None:
    response = api.delete(f"{NETWORKS}{mini_lab.pk}/")
    assert (response.status_code, response.json()["code"]) == (409, "has_ips")


def test_network_with_machines_stays(api: APIClient, home: Network, project: Project) -> None:
    body = {"project": str(project.pk), "partition": "mini-lab", "networks": [{"network": home.pk, "auto": False}]}
    made(api.post("/api/v1/machines/", body))
    response = api.delete(f"{NETWORKS}{home.pk}/")
    assert (response.status_code, response.json()["code"]) == (409, "has_machines")


def test_child_of_named_prefixes(api: APIClient, tenants: Network, project: Project) -> None:
    answer = made(carve(api, project, prefixes=["10.0.128.0/22", "2001:db8:0:10:8::/96"]))
    assert answer["prefixes"] == ["10.0.128.0/22", "2001:db8:0:10:8::/96"]
    assert answer["parent"] == tenants.pk


def test_named_prefixes_and_length_exclude_each_other(api: APIClient, tenants: Network, project: Project) -> None:
    response = carve(api, project, prefixes=["10.0.128.0/22"], length={"ipv4": 22})
    assert (response.status_code, codes(response)) == (400, [("length", "forbidden_field")])


def test_many_children_in_one_request(api: APIClient, tenants: Network, project: Project) -> None:
    answer = made(carve(api, project, count=2))
    assert [network["prefixes"][0] for network in answer["networks"]] == ["10.0.0.0/22", "10.0.4.0/22"]


def test_many_children_in_a_dry_run_are_shown_and_not_kept(api: APIClient, tenants: Network, project: Project) -> None:
    body = {"type": "child", "project": str(project.pk), "partition": "mini-lab", "count": 2}
    answer = made(api.post(f"{NETWORKS}?dry_run=true", body))
    assert (answer["dry_run"], len(answer["networks"]), tenants.children.count()) == (True, 2, 0)


def test_count_is_of_children_alone(api: APIClient, partition: Partition) -> None:
    response = api.post(NETWORKS, MINI_LAB_SUPER | {"count": 2})
    assert (response.status_code, codes(response)) == (400, [("count", "forbidden_field")])


def test_super_network_changes_how_it_chooses(api: APIClient, tenants: Network) -> None:
    assert patch(api, tenants, child_choice="sparse").json()["child_choice"] == "sparse"
