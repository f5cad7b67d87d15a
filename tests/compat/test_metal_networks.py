"""Networks as metal_python's client asks for them."""

from typing import Any

import pytest
from metal_python import models

from ipam.domain.networks import addresses, networks
from ipam.models import Network, Partition, Project
from tests.builders import child, cidrs, external, namespaced, super_network
from tests.compat.conftest import Metal, refusal


def wanted(**changes: Any) -> models.V1NetworkCreateRequest:
    flags = {"nat": False, "privatesuper": False, "underlay": False}
    fields = {**flags, "id": "mpls", "prefixes": ["198.51.100.0/24"], "destinationprefixes": ["0.0.0.0/0"],
              "vrf": 42, "nattype": "none", "networktype": "external"}  # fmt: skip
    return models.V1NetworkCreateRequest(**fields | changes)


def allocated(client: Metal, project: Project, **changes: Any) -> Any:
    fields = {"projectid": str(project.pk), "partitionid": "mini-lab"}
    return client.network.allocate_network(models.V1NetworkAllocateRequest(**fields | changes))


def found(client: Metal, **wanted: Any) -> list[str]:
    return [one.id for one in client.network.find_networks(models.V1NetworkFindRequest(**wanted))]


# --- shape ------------------------------------------------------------------------------------------
def test_answer_has_every_field_of_the_model_and_no_other(view: Metal, internet: Network) -> None:
    view.network.find_network("internet")
    assert set(view.last) == set(models.V1NetworkResponse.attribute_map.values())
    assert set(view.last["consumption"]) == {"ipv4", "ipv6"}
    assert set(view.last["usage"]) == set(models.V1NetworkUsage.attribute_map.values())


def test_numbers_fit_64_bits_with_a_sign(view: Metal, internet: Network) -> None:
    use = view.network.find_network("internet").consumption.ipv6
    assert (use.available_ips, use.used_ips) == (2**63 - 1, 1)


def test_usage_counts_reserved_addresses_and_never_shrinks(view: Metal, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    use = view.network.find_network("internet").usage
    assert (use.available_ips, use.used_ips, use.available_prefixes, use.used_prefixes) == (128, 3, 32, 0)


def test_usage_of_a_super_counts_children_and_free_blocks_of_four(
    edit: Metal, tenants: Network, project: Project
) -> None:
    allocated(edit, project)
    use = edit.network.find_network("tenants").usage
    assert (use.available_ips, use.used_ips) == (65_536, 2)
    assert (use.available_prefixes, use.used_prefixes) == ((65_536 - 1024) // 4, 1)


def test_usage_of_a_network_with_ipv6_alone_is_that_of_ipv6(view: Metal, db: None) -> None:
    networks.create(external(prefixes=cidrs("2001:db8::/120"), destination_prefixes=()))
    assert view.network.find_network("internet").usage.available_ips == 256


# --- making -----------------------------------------------------------------------------------------
def test_network_is_made_as_it_is_said(admin: Metal, partition: Partition) -> None:
    made = admin.network.create_network(
        wanted(nat=True, nattype="ipv4-masq", partitionid="mini-lab", labels={"a": "b"})
    )
    assert (made.nat, made.nattype, made.vrf, made.labels) == (True, "ipv4-masq", 42, {"a": "b"})
    assert Network.objects.get(pk="mpls").nat_type == "ipv4-masquerade"


@pytest.mark.parametrize(("said", "type_"), [
    ({"privatesuper": True, "vrf": None, "defaultchildprefixlength": {"ipv4": 26}}, "super"),
    ({"underlay": True, "vrf": None, "destinationprefixes": []}, "underlay"),
    ({}, "external"),
])  # fmt: skip
def test_older_clients_say_the_type_by_flags(
    admin: Metal, partition: Partition, said: dict[str, Any], type_: str
) -> None:
    made = admin.network.create_network(wanted(networktype="", nattype="", partitionid="mini-lab", **said))
    assert made.networktype == type_


@pytest.mark.parametrize(
    "said",
    [
        {"privatesuper": True},
        {"underlay": True, "networktype": "super"},
        {"privatesuper": True, "underlay": True, "networktype": ""},
        {"nat": True},
        {"networktype": "circle"},
        {"prefixes": ["198.51.100.1/24"]},
        {"prefixes": ["nonsense"]},
        {"prefixes": []},
        {"id": "a b"},
    ],
)
def test_malformed_network_is_400(admin: Metal, said: dict[str, Any]) -> None:
    assert refusal(lambda: admin.network.create_network(wanted(**said)))[0] == 400
    assert not Network.objects.exists()


def test_taken_id_is_told_before_all_else(admin: Metal, internet: Network) -> None:
    assert refusal(lambda: admin.network.create_network(wanted(id="internet", prefixes=["nonsense"])))[0] == 409


@pytest.mark.parametrize(("said", "status"), [
    ({"vrf": 104009}, 409),
    ({"prefixes": ["203.0.113.128/25"]}, 422),
    ({"partitionid": "nowhere"}, 404),
    ({"projectid": "nobody"}, 404),
])  # fmt: skip
def test_rules_say_no_with_their_status(admin: Metal, internet: Network, said: dict[str, Any], status: int) -> None:
    assert refusal(lambda: admin.network.create_network(wanted(**said)))[0] == status


def test_empty_id_is_made(admin: Metal) -> None:
    assert len(admin.network.create_network(wanted(id="")).id) == 36


# --- allocating ---------------------------------------------------------------------------------------
def test_child_has_both_families_ipv4_first(edit: Metal, tenants: Network, project: Project) -> None:
    made = allocated(edit, project, name="nodes", labels={"cluster": "one"})
    assert (made.prefixes, made.parentnetworkid, made.networktype) == (
        ["10.0.0.0/22", "2001:db8:0:10::/96"],
        "tenants",
        "child",
    )
    assert (made.projectid, made.name, made.labels) == (str(project.pk), "nodes", {"cluster": "one"})


def test_length_is_merged_over_the_defaults(edit: Metal, tenants: Network, project: Project) -> None:
    assert allocated(edit, project, length={"IPv4": 24}).prefixes == ["10.0.0.0/24", "2001:db8:0:10::/96"]


def test_one_family_is_asked_for_in_any_case(edit: Metal, tenants: Network, project: Project) -> None:
    assert allocated(edit, project, addressfamily="IPv6").prefixes == ["2001:db8:0:10::/96"]
    edit.send(
        "POST", "network/allocate", {"projectid": str(project.pk), "partitionid": "mini-lab", "addressfamily": "ipv4"}
    )
    assert edit.last["prefixes"] == ["10.0.0.0/22"]


def test_demilitarized_child_leads_where_its_request_says(edit: Metal, tenants: Network, project: Project) -> None:
    made = allocated(edit, project, shared=True, nat=True, destinationprefixes=["0.0.0.0/0", "::/0"])
    assert (made.shared, made.nat, made.destinationprefixes) == (True, True, ["0.0.0.0/0", "::/0"])


def test_partition_that_is_missing_is_400_and_one_that_is_not_there_404(
    edit: Metal, tenants: Network, project: Project
) -> None:
    assert refusal(lambda: allocated(edit, project, partitionid=None))[0] == 400
    assert refusal(lambda: allocated(edit, project, partitionid="nowhere"))[0] == 404


def test_full_super_is_422(edit: Metal, partition: Partition, project: Project) -> None:
    full = {"prefixes": cidrs("10.0.0.0/24"), "default_child_prefix_length": {4: 25}}
    networks.create(super_network(partition=partition, **full))
    for _ in range(2):
        allocated(edit, project)
    assert refusal(lambda: allocated(edit, project))[0] == 422


def test_child_is_freed_and_others_are_not(edit: Metal, tenants: Network, project: Project) -> None:
    child = allocated(edit, project)
    assert edit.network.free_network(child.id).id == child.id
    assert refusal(lambda: edit.network.free_network(child.id))[0] == 404
    assert refusal(lambda: edit.network.free_network("tenants"))[0] == 422


def test_older_clients_free_by_post(edit: Metal, tenants: Network, project: Project) -> None:
    assert edit.network.free_network_deprecated(allocated(edit, project).id).networktype == "child"


def test_network_in_use_is_not_deleted(admin: Metal, tenants: Network, project: Project) -> None:
    allocated(admin, project)
    assert refusal(lambda: admin.network.delete_network("tenants"))[0] == 422


# --- changing -----------------------------------------------------------------------------------------
def changed(client: Metal, **changes: Any) -> Any:
    return client.network.update_network(models.V1NetworkUpdateRequest(**{"id": "internet"} | changes))


def test_what_is_named_changes_and_the_rest_stays(admin: Metal, internet: Network) -> None:
    networks.update(internet, name="out", labels={"a": "b"})
    assert (changed(admin, description="way out").name, changed(admin, labels={}).labels) == ("out", {})


def test_empty_prefixes_change_nothing(admin: Metal, internet: Network) -> None:
    after = changed(admin, prefixes=[], destinationprefixes=[])
    assert (len(after.prefixes), len(after.destinationprefixes)) == (2, 2)


def test_network_that_is_sent_back_whole_is_no_change(admin: Metal, tenants: Network, project: Project) -> None:
    child = allocated(admin, project)
    for key in ("tenants", child.id):
        admin.network.find_network(key)
        names = models.V1NetworkUpdateRequest.attribute_map
        whole = {name: admin.last[field] for name, field in names.items()}
        generation = Network.objects.get(pk=key).generation
        admin.network.update_network(models.V1NetworkUpdateRequest(**whole))
        assert Network.objects.get(pk=key).generation == generation


def test_child_does_not_change_its_prefixes_nor_who_shares_it(admin: Metal, tenants: Network, project: Project) -> None:
    key = allocated(admin, project).id
    assert refusal(lambda: changed(admin, id=key, prefixes=["10.9.0.0/22"]))[0] == 422
    assert refusal(lambda: changed(admin, id=key, shared=True))[0] == 422


@pytest.mark.parametrize("said", [
    {"nat": True}, {"vrf": 5}, {"networktype": "underlay"}, {"partitionid": "elsewhere"}, {"hostname": 7},
])  # fmt: skip
def test_what_no_update_has_is_left_aside(admin: Metal, internet: Network, said: dict[str, Any]) -> None:
    before = admin.network.find_network("internet")
    admin.send("POST", "network", {"id": "internet", "name": "x", **said})
    assert Network.objects.get(pk="internet").name == "x"
    assert admin.last["vrf"] == before.vrf
    assert admin.last["networktype"] == "external"


def test_destinations_of_a_child_have_no_host_bits(edit: Metal, tenants: Network, project: Project) -> None:
    assert refusal(lambda: allocated(edit, project, destinationprefixes=["10.0.0.1/8"]))[0] == 400


def test_namespaced_super_is_told_as_if_untouched(edit: Metal, project: Project) -> None:
    parent = networks.create(namespaced())
    before = edit.network.find_network(parent.pk).usage.available_prefixes
    networks.create(child(parent=parent, project=project))
    assert edit.network.find_network(parent.pk).usage.available_prefixes == before > 0


def test_announcable_cidrs_go_with_force_only(admin: Metal, partition: Partition) -> None:
    networks.create(super_network(partition=partition, additional_announcable_cidrs=cidrs("10.240.0.0/12")))
    assert refusal(lambda: changed(admin, id="tenants", additional_announcable_cid_rs=[]))[0] == 422
    emptied = models.V1NetworkUpdateRequest(id="tenants", additional_announcable_cid_rs=[])
    assert admin.network.update_network(emptied, force=True).additional_announcable_cid_rs == []


def test_external_network_may_say_that_it_is_shared_each_time(admin: Metal, db: None) -> None:
    admin.network.create_network(wanted(shared=True))
    before = Network.objects.get(pk="mpls").generation
    assert changed(admin, id="mpls", shared=True, name="").shared is False
    assert changed(admin, id="mpls", shared=False).shared is False
    assert Network.objects.get(pk="mpls").generation == before


def test_super_network_does_not_become_shared(admin: Metal, tenants: Network) -> None:
    assert refusal(lambda: changed(admin, id="tenants", shared=True))[0] == 422


# --- finding ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("said", "keys"), [
    ({}, ["internet", "tenants"]),
    ({"id": "internet"}, ["internet"]),
    ({"id": "inter"}, []),
    ({"partitionid": "mini-lab"}, ["internet", "tenants"]),
    ({"privatesuper": True}, ["tenants"]),
    ({"privatesuper": False}, ["internet"]),
    ({"underlay": False, "nat": False}, ["internet", "tenants"]),
    ({"nat": True}, []),
    ({"vrf": 0}, ["tenants"]),
    ({"projectid": ""}, ["internet", "tenants"]),
    ({"partitionid": ""}, []),
    ({"name": ""}, ["tenants"]),
    ({"prefixes": ["203.0.113.129/25"]}, []),
    ({"vrf": 104009}, ["internet"]),
    ({"prefixes": ["203.0.113.128/25"]}, ["internet"]),
    ({"prefixes": ["203.0.113.128/25", "2001:db8:0:113::/64"]}, ["internet"]),
    ({"prefixes": ["203.0.113.128/25", "10.0.0.0/16"]}, []),
    ({"destinationprefixes": ["0.0.0.0/0"]}, ["internet"]),
    ({"addressfamily": "IPv4"}, ["internet", "tenants"]),
    ({"addressfamily": "IPv6"}, ["internet", "tenants"]),
    ({"labels": {"default": ""}}, ["internet"]),
    ({"labels": {"default": "x"}}, []),
    ({"projectid": "nobody"}, []),
    ({"name": "Internet"}, []),
    ({"name": "internet of mini-lab"}, ["internet"]),
])  # fmt: skip
def test_finds_are_exact(
    view: Metal, internet: Network, tenants: Network, said: dict[str, Any], keys: list[str]
) -> None:
    networks.update(internet, name="internet of mini-lab", labels={"default": ""})
    assert found(view, **said) == keys


def test_children_are_found_by_parent_and_project(edit: Metal, tenants: Network, project: Project) -> None:
    key = allocated(edit, project).id
    assert found(edit, parentnetworkid="tenants") == found(edit, projectid=str(project.pk)) == [key]
