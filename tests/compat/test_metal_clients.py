"""What metal-stack's own programs do at metal-api's door, as they send it: metalctl, metal-ccm, Gardener's extension.

Bodies are those of their Go models: an optional list that is not set is null, an optional text is left out.
"""

from typing import Any

import pytest
from metal_python.rest import ApiException

from ipam.domain.networks import networks
from ipam.models import IPAddress, Network, Partition, Project
from tests.builders import external, super_network, underlay_network
from tests.compat.conftest import Metal

Body = dict[str, Any]
SERVICE, EGRESS = "cluster.metal-stack.io/id/namespace/service", "cluster.metal-stack.io/id/egress"
CLUSTER = "6b4f1a0e-53a4-4d4a-9ab6-9d1f2c8e7a11"


def call(client: Metal, method: str, path: str, body: Body | None = None) -> tuple[int, Any]:
    """Status and answer, also of a refusal."""
    try:
        status = client.send(method, path, body)
    except ApiException as refused:
        status = int(refused.status)
    return status, client.last


def of(found: Body, *names: str) -> Body:
    """The fields that a program sends back of what it has read."""
    return {name: found.get(name) for name in names}


# --- metalctl … apply -----------------------------------------------------------------------------
_DESCRIBED = ("id", "name", "description", "labels")
_CHANGED = ("prefixes", "destinationprefixes", "shared", "additionalAnnouncableCIDRs", "defaultchildprefixlength")
_CREATED = ("nat", "parentnetworkid", "partitionid", "privatesuper", "projectid", "underlay", "vrf", "vrfshared")


def apply_network(client: Metal, found: Body) -> list[int]:
    """Creates it, and where it is there already changes it."""
    said = [call(client, "PUT", "network", {**of(found, *_DESCRIBED, *_CHANGED, *_CREATED), "networktype": None})[0]]
    if said == [409]:
        said.append(call(client, "POST", "network?force=false", of(found, *_DESCRIBED, *_CHANGED))[0])
    return said


@pytest.fixture
def child(edit: Metal, tenants: Network, project: Project) -> Body:
    """A child as it is answered."""
    call(edit, "POST", "network/allocate", {"partitionid": "mini-lab", "projectid": str(project.pk), "name": "nodes"})
    return dict(edit.last)


def test_network_that_is_applied_again_is_no_change(admin: Metal, internet: Network, child: Body) -> None:
    networks.create(underlay_network(partition=Partition.objects.get()))
    for network in call(admin, "GET", "network")[1]:
        assert apply_network(admin, network) == [409, 200], network
        assert admin.last == network


def test_network_that_is_not_there_is_made_by_apply(admin: Metal, partition: Partition) -> None:
    for builder in (super_network, external, underlay_network):
        new = builder(partition=partition)
        networks.create(new)
        _, seen = call(admin, "GET", f"network/{new.id}")
        call(admin, "DELETE", f"network/{new.id}")
        assert apply_network(admin, seen) == [201]
        kept = {**_without_times(admin.last), "usage": None}
        assert kept == {**_without_times(seen), "usage": None}


def _without_times(found: Body) -> Body:
    return {name: value for name, value in found.items() if name not in ("created", "changed")}


@pytest.mark.parametrize(("change", "status"), [
    ({"name": "another"}, 200),
    ({"labels": {"a": "b"}}, 200),
    ({"destinationprefixes": ["0.0.0.0/0"]}, 200),
    ({"prefixes": ["10.0.0.0/22"]}, 422),
    ({"prefixes": ["10.0.0.1/22", "2001:db8:0:10::/96"]}, 422),
    ({"shared": True}, 422),
    ({"defaultchildprefixlength": {"IPv4": 24}}, 422),
    ({"additionalAnnouncableCIDRs": ["10.240.0.0/12"]}, 422),
    ({"destinationprefixes": ["10.0.0.1/8"]}, 400),
    ({"prefixes": [7]}, 400),
])  # fmt: skip
def test_child_that_is_applied_with_a_change(admin: Metal, child: Body, change: Body, status: int) -> None:
    assert apply_network(admin, {**child, **change}) == [409, status]
    _, after = call(admin, "GET", f"network/{child['id']}")
    assert _without_times(after) == _without_times({**child, **(change if status == 200 else {})})


def test_prefixes_are_added_and_removed_by_whole_lists(admin: Metal, internet: Network) -> None:
    seen = call(admin, "GET", "network/internet")[1]
    more = {"id": "internet", "destinationprefixes": None, "labels": None,
            **of(seen, "additionalAnnouncableCIDRs", "defaultchildprefixlength")}  # fmt: skip
    for prefixes in ([*seen["prefixes"], "198.51.100.0/24"], seen["prefixes"]):
        status, after = call(admin, "POST", "network?force=false", {**more, "prefixes": prefixes})
        assert (status, sorted(after["prefixes"])) == (200, sorted(prefixes))


def test_address_that_is_applied_twice(edit: Metal, internet: Network, project: Project) -> None:
    wanted = {"networkid": "internet", "projectid": str(project.pk), "type": "static", "tags": ["a=b"], "name": "dns"}
    path = "ip/allocate/2001:db8:0:113::53"
    assert call(edit, "POST", path, wanted)[0] == 201
    for more in ({}, {"type": None, "tags": None}, {"description": "resolver"}):
        assert call(edit, "POST", path, wanted)[0] == 409
        change = {**of(edit.last, "name"), "ipaddress": "2001:db8:0:113::53", "type": "static", "tags": ["a=b"], **more}
        assert call(edit, "POST", "ip", change)[0] == 200
    assert of(edit.last, "name", "tags", "description") == {"name": "dns", "tags": ["a=b"], "description": "resolver"}
    assert IPAddress.objects.get().generation == 2  # the one change


def test_address_in_a_path_may_be_quoted(edit: Metal, internet: Network, project: Project) -> None:
    wanted = {"networkid": "internet", "projectid": str(project.pk), "type": "static", "tags": None}
    assert call(edit, "POST", "ip/allocate/2001%3Adb8%3A0%3A113%3A%3A53", wanted)[0] == 201
    for quoted in ("2001%3Adb8%3A0%3A113%3A%3A53", "2001:DB8:0:113::53", "%222001:db8:0:113::53%22"):
        assert call(edit, "GET", f"ip/{quoted}")[1]["ipaddress"] == "2001:db8:0:113::53"
    assert call(edit, "DELETE", "ip/free/2001%3Adb8%3A0%3A113%3A%3A53")[0] == 200


def test_project_and_partition_that_are_applied_twice(admin: Metal) -> None:
    project = {"name": "shop", "tenant_id": "acme", "quotas": {"ip": {"quota": 5}}, "description": "",
               "meta": {"id": "4b9b17c4-2d7c-4190-ae95-dda44e430fa6", "kind": "Project", "apiversion": "v1",
                        "labels": ["a=1", "a=2"], "annotations": {"b": "c"}, "version": 7}}  # fmt: skip
    assert call(admin, "PUT", "project", project)[0] == 201
    assert call(admin, "PUT", "project", project)[0] == 409
    assert call(admin, "POST", "project", project)[0] == 412
    assert admin.last["statuscode"] == 412
    project["meta"]["version"] = call(admin, "GET", f"project/{project['meta']['id']}")[1]["meta"]["version"]
    assert call(admin, "POST", "project", {**project, "name": "store"})[0] == 200
    assert of(admin.last["meta"], "labels", "annotations") == {"labels": ["a=1", "a=2"], "annotations": {"b": "c"}}
    partition = {"id": "fra", "bootconfig": {"commandline": "", "imageurl": ""}, "dnsservers": [], "ntpservers": [],
                 "mgmtserviceaddress": "", "labels": {"a": "b"}}  # fmt: skip
    assert call(admin, "PUT", "partition", partition)[0] == 201
    assert call(admin, "PUT", "partition", partition)[0] == 409
    assert call(admin, "POST", "partition", {**partition, "name": "Frankfurt"})[0] == 200
    assert of(admin.last, "name", "labels", "bootconfig") == {
        "name": "Frankfurt",
        "labels": {"a": "b"},
        "bootconfig": {},
    }


# --- metalctl … list ------------------------------------------------------------------------------
def test_lists_without_a_filter_send_empty_lists(view: Metal, internet: Network, project: Project) -> None:
    networks_ = {"prefixes": [], "destinationprefixes": [], "labels": None}
    assert [one["id"] for one in call(view, "POST", "network/find", networks_)[1]] == ["internet"]
    assert call(view, "POST", "ip/find", {"tags": []}) == (200, [])
    assert [one["name"] for one in call(view, "POST", "project/find", {})[1]] == [project.name]
    for family in ("ipv4", "IPv6"):
        assert len(call(view, "POST", "network/find", {**networks_, "addressfamily": family})[1]) == 1


# --- metalctl, from nothing to a pair and back ------------------------------------------------------
def test_dual_stack_from_nothing_to_a_pair_and_back(admin: Metal) -> None:
    call(admin, "PUT", "partition", {"id": "fra", "bootconfig": {}, "dnsservers": None, "ntpservers": None})
    call(admin, "PUT", "project", {"name": "shop", "tenant_id": "acme", "meta": {"kind": "Project", "labels": []}})
    project = admin.last["meta"]["id"]
    flags = {"nat": False, "privatesuper": True, "underlay": False, "nattype": None, "networktype": None}
    whole = {"id": "tenants", "partitionid": "fra", "prefixes": ["2001:db8:10::/48", "10.0.0.0/16"], **flags,
             "defaultchildprefixlength": {"IPv4": 22, "IPv6": 64}, "destinationprefixes": [],
             "additionalAnnouncableCIDRs": []}  # fmt: skip
    assert call(admin, "PUT", "network", whole)[0] == 201
    assert of(admin.last, "networktype", "nattype") == {"networktype": "super", "nattype": "none"}

    given = {"partitionid": "fra", "projectid": project, "name": "nodes", "length": {}, "destinationprefixes": None}
    assert call(admin, "POST", "network/allocate", given)[0] == 201
    child = admin.last
    assert child["prefixes"] == ["10.0.0.0/22", "2001:db8:10::/64"]

    wanted = {"networkid": child["id"], "projectid": project, "type": "static", "name": "web", "tags": []}
    four = call(admin, "POST", "ip/allocate", wanted)[1]
    joined = [f"twofold/join={four['allocationuuid']}"]
    six = call(admin, "POST", "ip/allocate", {**wanted, "addressfamily": "IPv6", "tags": joined})[1]
    assert (four["ipaddress"], six["ipaddress"]) == ("10.0.0.1", "2001:db8:10::1")
    assert IPAddress.objects.values("allocation").distinct().count() == 1

    used = call(admin, "GET", f"network/{child['id']}")[1]["consumption"]
    assert of(used["ipv4"], "available_ips", "used_ips") == {"available_ips": 1024, "used_ips": 3}
    assert of(used["ipv6"], "available_ips", "used_ips") == {"available_ips": 2**63 - 1, "used_ips": 2}
    used = call(admin, "GET", "network/tenants")[1]["consumption"]
    assert of(used["ipv4"], "available_prefixes", "used_prefixes") == {
        "available_prefixes": (2**16 - 2**10) // 4,
        "used_prefixes": 1,
    }
    assert used["ipv6"]["used_prefixes"] == 1

    for path in (f"ip/free/{four['ipaddress']}", f"ip/free/{six['ipaddress']}", f"network/free/{child['id']}",
                 "network/tenants", f"project/{project}", "partition/fra"):  # fmt: skip
        assert call(admin, "DELETE", path)[0] == 200, admin.last
    assert not any(model.objects.exists() for model in (IPAddress, Network, Project, Partition))


def test_demilitarized_zone_is_the_child_s_own(edit: Metal, tenants: Network, project: Project) -> None:
    zone = {"partitionid": "mini-lab", "projectid": str(project.pk), "name": "dmz", "length": {}, "labels": {},
            "nat": True, "destinationprefixes": ["0.0.0.0/0"], "shared": True}  # fmt: skip
    assert call(edit, "POST", "network/allocate", zone)[0] == 201
    assert of(edit.last, "nat", "nattype", "destinationprefixes", "shared", "networktype") == {
        "nat": True, "nattype": "ipv4-masq", "destinationprefixes": ["0.0.0.0/0"], "shared": True,
        "networktype": "child-shared",
    }  # fmt: skip


def test_destination_of_a_family_that_the_child_lacks_is_refused(
    edit: Metal, tenants: Network, project: Project
) -> None:
    zone = {"partitionid": "mini-lab", "projectid": str(project.pk), "addressfamily": "IPv6", "nat": True,
            "destinationprefixes": ["0.0.0.0/0"]}  # fmt: skip
    assert call(edit, "POST", "network/allocate", zone)[0] == 422
    assert Network.objects.count() == 1


# --- metal-ccm ------------------------------------------------------------------------------------
def test_load_balancer_gets_an_address_shares_it_and_gives_it_back(
    edit: Metal, internet: Network, project: Project
) -> None:
    owner, web, api = str(project.pk), f"{SERVICE}={CLUSTER}/default/web", f"{SERVICE}={CLUSTER}/default/api"
    wanted = {"name": "metallb-1a2b3", "projectid": owner, "networkid": "internet", "type": "ephemeral", "tags": [web]}
    address = call(edit, "POST", "ip/allocate", wanted)[1]["ipaddress"]
    [found] = call(edit, "POST", "ip/find", {"projectid": owner, "ipaddress": address, "tags": None})[1]
    changed = {"ipaddress": address, "tags": [*found["tags"], api], "type": None}
    assert call(edit, "POST", "ip", changed)[1]["tags"] == [api, web]
    for tag, left in ((web, [api]), (api, [])):
        [found] = call(edit, "POST", "ip/find", {"projectid": owner, "tags": [tag]})[1]
        assert found["type"] == "ephemeral"
        assert call(edit, "POST", "ip", {"ipaddress": address, "tags": left, "type": None})[1]["tags"] == left
        assert call(edit, "POST", "ip/find", {"projectid": owner, "tags": [tag]})[1] == []
    assert call(edit, "DELETE", f"ip/free/{address}")[0] == 200


# --- Gardener's extension ---------------------------------------------------------------------------
def test_infrastructure_finds_its_node_network_and_its_egress_addresses(
    edit: Metal, internet: Network, tenants: Network, project: Project
) -> None:
    owner, label = str(project.pk), {"cluster.metal-stack.io/id": CLUSTER}
    node = {"projectid": owner, "partitionid": "mini-lab", "name": "shoot", "description": CLUSTER, "labels": label,
            "destinationprefixes": None}  # fmt: skip
    made = call(edit, "POST", "network/allocate", node)[1]
    for asked in (
        {"projectid": owner, "partitionid": "mini-lab", "labels": label, "prefixes": None},
        {"projectid": owner, "prefixes": [made["prefixes"][0]]},
    ):
        assert [one["id"] for one in call(edit, "POST", "network/find", asked)[1]] == [made["id"]]
    assert made["prefixes"][0] == "10.0.0.0/22"

    egress = f"{EGRESS}={CLUSTER}"
    static = {"projectid": owner, "networkid": "internet", "type": "static", "tags": None}
    address = call(edit, "POST", "ip/allocate", static)[1]["ipaddress"]
    assert len(call(edit, "POST", "ip/find", {"ipaddress": address, "projectid": owner, "networkid": "internet"})[1])
    for tags in ([egress], []):
        assert call(edit, "POST", "ip", {"ipaddress": address, "tags": tags, "type": None})[0] == 200
        found = call(edit, "POST", "ip/find", {"projectid": owner, "tags": [egress], "type": "static"})[1]
        assert len(found) == len(tags)
    assert call(edit, "DELETE", f"network/free/{made['id']}")[0] == 200
