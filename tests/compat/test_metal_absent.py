"""What is absent, empty or unknown in a body at metal-api's door, and which status a refusal has."""

from typing import Any

import pytest
from django.test import Client

from ipam.domain.networks import networks
from ipam.models import IPAddress, Network, Partition, Project
from tests.builders import cidrs, external, namespaced, super_network
from tests.compat.conftest import Metal
from tests.compat.test_metal_clients import call
from tests.compat.test_metal_sign_in import signed


def update(admin: Metal, **said: Any) -> tuple[int, Any]:
    return call(admin, "POST", "network", {"id": "tenants", **said})


@pytest.fixture
def parent(partition: Partition) -> Network:
    announced = cidrs("10.240.0.0/12", "10.96.0.0/12")
    new = super_network(partition=partition, additional_announcable_cidrs=announced, labels={"a": "b"}, name="x",
                        destination_prefixes=cidrs("0.0.0.0/0"))  # fmt: skip
    return networks.create(new)


# --- changing -------------------------------------------------------------------------------------
@pytest.mark.parametrize("said", [
    {},
    dict.fromkeys(["name", "description", "labels", "prefixes", "destinationprefixes", "shared",
                   "additionalAnnouncableCIDRs", "defaultchildprefixlength"]),
    {"prefixes": [], "destinationprefixes": [], "defaultchildprefixlength": {}},
    {"prefixes": [None], "destinationprefixes": [None]},
    {"defaultchildprefixlength": {"ipv4": 22}},
    {"defaultchildprefixlength": {"IPv6": 96, "IPV4": None}},
    {"prefixes": ["2001:db8:0:10::/64", "10.0.0.0/16"]},
    {"additionalAnnouncableCIDRs": ["10.96.0.0/12", "10.240.0.0/12"], "shared": False},
    {"nat": True, "vrf": 7, "privatesuper": False, "networktype": "external", "machines": [1]},
])  # fmt: skip
def test_what_says_nothing_new_changes_nothing(admin: Metal, parent: Network, said: dict[str, Any]) -> None:
    before = call(admin, "GET", "network/tenants")[1]
    assert update(admin, **said) == (200, before)


def test_empty_labels_and_texts_empty(admin: Metal, parent: Network) -> None:
    _, after = update(admin, labels={}, name="")
    assert (after["labels"], after["name"]) == ({}, "")


def test_label_that_is_null_is_absent(admin: Metal, parent: Network) -> None:
    assert update(admin, labels={"a": None, "c": "d"})[1]["labels"] == {"c": "d"}


def test_announcable_cidrs_go_by_force_and_come_without(admin: Metal, parent: Network) -> None:
    assert update(admin, additionalAnnouncableCIDRs=[])[0] == 422
    assert update(admin, additionalAnnouncableCIDRs=["10.240.0.0/12"])[0] == 422
    more = ["10.240.0.0/12", "10.96.0.0/12", "10.128.0.0/12"]
    assert update(admin, additionalAnnouncableCIDRs=more)[1]["additionalAnnouncableCIDRs"] == more
    status, after = call(admin, "POST", "network?force=true", {"id": "tenants", "additionalAnnouncableCIDRs": []})
    assert (status, after["additionalAnnouncableCIDRs"]) == (200, [])


def test_family_comes_with_its_length_and_the_other_length_stays(admin: Metal, partition: Partition) -> None:
    four = {"prefixes": cidrs("10.0.0.0/16"), "default_child_prefix_length": {4: 22}}
    networks.create(super_network(partition=partition, **four))
    both = ["2001:db8::/48", "10.0.0.0/16"]
    status, after = update(admin, prefixes=both, defaultchildprefixlength={"ipv6": 64})
    assert (status, after["defaultchildprefixlength"]) == (200, {"IPv4": 22, "IPv6": 64})
    assert after["prefixes"] == ["10.0.0.0/16", "2001:db8::/48"]  # Gardener takes the first
    status, after = update(admin, prefixes=["2001:db8::/48"], defaultchildprefixlength={"ipv6": 64})
    assert (status, after["defaultchildprefixlength"]) == (200, {"IPv6": 64})


def test_length_that_differs_is_a_change(admin: Metal, parent: Network) -> None:
    lengths = update(admin, defaultchildprefixlength={"IPv4": 24})[1]["defaultchildprefixlength"]
    assert lengths == {"IPv4": 24, "IPv6": 96}


def test_type_that_is_null_or_left_out_stays(edit: Metal, internet: Network, project: Project) -> None:
    wanted = {"networkid": "internet", "projectid": str(project.pk), "type": "static", "name": "a", "tags": ["t"]}
    address = call(edit, "POST", "ip/allocate", wanted)[1]["ipaddress"]
    for more in ({}, {"type": None}, {"type": None, "tags": None, "name": None, "description": None}):
        status, after = call(edit, "POST", "ip", {"ipaddress": address, **more})
        assert (status, after["type"], after["name"], after["tags"]) == (200, "static", "a", ["t"])


# --- making ---------------------------------------------------------------------------------------
_NEW = {"prefixes": ["198.51.100.0/24"], "destinationprefixes": ["0.0.0.0/0"], "vrf": 42, "nat": False,
        "privatesuper": False, "underlay": False}  # fmt: skip


def create(admin: Metal, **said: Any) -> tuple[int, Any]:
    return call(admin, "PUT", "network", {**_NEW, **said})


def test_id_that_is_empty_null_or_left_out_is_made(admin: Metal) -> None:
    for place, said in enumerate(({}, {"id": ""}, {"id": None})):
        status, made = create(admin, **said, prefixes=[f"198.51.{place}.0/24"], vrf=place + 1)
        assert (status, len(made["id"])) == (201, 36)
    assert call(admin, "PUT", "project", {"tenant_id": "acme", "meta": {"id": ""}})[0] == 201


@pytest.mark.parametrize(("said", "type_", "nat"), [
    ({}, "external", "none"),
    ({"nat": True}, "external", "ipv4-masq"),
    ({"nattype": "ipv4-masq", "nat": False}, "external", "ipv4-masq"),
    ({"networktype": "super", "vrf": None, "defaultchildprefixlength": {"IPv4": 26}}, "super", "none"),
    ({"networktype": "super-namespaced", "vrf": None, "defaultchildprefixlength": {"IPV4": 26}}, "super-namespaced",
     "none"),
    ({"networktype": "super-namespaced", "privatesuper": True, "defaultchildprefixlength": {"ipv4": 26}},
     "super-namespaced", "none"),
    ({"networktype": "underlay", "vrf": None, "partitionid": "mini-lab", "destinationprefixes": None}, "underlay",
     "none"),
])  # fmt: skip
def test_named_type_wins_over_flags_that_are_false(
    admin: Metal, partition: Partition, said: dict[str, Any], type_: str, nat: str
) -> None:
    status, made = create(admin, **said)
    assert (status, made.get("networktype"), made.get("nattype")) == (201, type_, nat)


def test_child_is_made_with_the_prefixes_that_it_has_elsewhere(
    admin: Metal, tenants: Network, project: Project
) -> None:
    said = {"projectid": str(project.pk), "prefixes": ["2001:db8:0:10:0:1::/96", "10.0.4.0/22"], "vrf": None,
            "destinationprefixes": None}  # fmt: skip
    status, made = create(admin, parentnetworkid="tenants", **said)
    assert (status, made["networktype"], made["prefixes"]) == (201, "child", ["10.0.4.0/22", "2001:db8:0:10:0:1::/96"])
    assert create(admin, parentnetworkid="nowhere", **said)[0] == 404


# --- refusals -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("said", "status"), [
    ({"id": "internet", "prefixes": 7, "networktype": "circle", "partitionid": "nowhere"}, 409),
    ({"id": "INTERNET"}, 409),
    ({"vrf": 104009}, 409),
    ({"partitionid": "nowhere"}, 404),
    ({"projectid": "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"}, 404),
    ({"networktype": "external", "privatesuper": True}, 400),
    ({"networktype": "external", "underlay": True}, 400),
    ({"networktype": "child", "shared": True}, 400),
    ({"privatesuper": True, "underlay": True}, 400),
    ({"nat": True, "nattype": "none"}, 400),
    ({"nattype": "ipv4-masquerade"}, 400),
    ({"networktype": "private"}, 400),
    ({"nat": "yes"}, 400),
    ({"vrf": "42"}, 400),
    ({"labels": {"a": 1}}, 400),
    ({"prefixes": []}, 400),
    ({"prefixes": ["198.51.100.1/24"]}, 400),
    ({"vrf": None}, 400),
    ({"defaultchildprefixlength": {"IPv5": 3}}, 400),
    ({"privatesuper": True}, 400),
    ({"prefixes": ["203.0.113.128/26"]}, 422),
    ({"destinationprefixes": ["::/0"]}, 422),
    ({"defaultchildprefixlength": {"IPv4": 28}}, 422),
    ({"additionalAnnouncableCIDRs": ["10.240.0.0/12"]}, 422),
    ({"prefixes": ["224.0.0.0/24"]}, 422),
    ({"id": "new"}, 422),
    ({"privatesuper": True, "defaultchildprefixlength": {"IPv4": 8}}, 422),
])  # fmt: skip
def test_status_of_a_network_that_is_refused(
    admin: Metal, internet: Network, said: dict[str, Any], status: int
) -> None:
    assert create(admin, **said)[0] == status
    assert (admin.last["statuscode"], set(admin.last)) == (status, {"statuscode", "message"})
    assert Network.objects.count() == 1


@pytest.mark.parametrize(("path", "said", "status"), [
    ("ip/allocate/203.0.113.200", {"projectid": "nowhere", "addressfamily": "IPv6", "type": "eternal"}, 409),
    ("ip/allocate/203.0.113.200", {"networkid": "tenants"}, 409),
    ("ip/allocate/nonsense", {}, 400),
    ("ip/allocate/203.0.113.201", {"addressfamily": "IPv4"}, 400),
    ("ip/allocate", {"networkid": None}, 400),
    ("ip/allocate", {"projectid": ""}, 400),
    ("ip/allocate", {"networkid": "nowhere"}, 404),
    ("ip/allocate", {"projectid": "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"}, 404),
    ("ip/allocate", {"networkid": "tenants"}, 422),
    ("ip/allocate/203.0.113.128", {}, 422),
    ("ip/allocate/198.51.100.1", {}, 422),
    ("ip", {"ipaddress": "203.0.113.201"}, 404),
    ("ip", {"ipaddress": "203.0.113.200", "type": "ephemeral"}, 422),
    ("ip", {"ipaddress": "203.0.113.200", "type": "eternal"}, 400),
    ("ip", {}, 400),
])  # fmt: skip
def test_status_of_an_address_that_is_refused(
    edit: Metal, internet: Network, tenants: Network, project: Project, path: str, said: dict[str, Any], status: int
) -> None:
    wanted = {"networkid": "internet", "projectid": str(project.pk), "type": "static"}
    call(edit, "POST", "ip/allocate/203.0.113.200", wanted)
    assert call(edit, "POST", path, wanted | said if path != "ip" else said)[0] == status
    assert IPAddress.objects.count() == 1


def test_namesake_in_another_namespace_does_not_take_an_address(edit: Metal, project: Project) -> None:
    networks.create(namespaced())
    networks.create(external(id="other", prefixes=cidrs("192.0.2.0/24"), destination_prefixes=(), vrf=7))
    owned = {"networkid": "other", "projectid": str(project.pk), "type": "static"}
    for status in (201, 409):
        assert call(edit, "POST", "ip/allocate/192.0.2.9", owned)[0] == status


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "network/nowhere"), ("DELETE", "network/nowhere"), ("POST", "network/free/nowhere"),
    ("GET", "ip/10.0.0.1"), ("DELETE", "ip/free/10.0.0.1"), ("GET", "partition/nowhere"), ("DELETE", "project/nowhere"),
    ("GET", "machine"), ("POST", "machine/find"), ("GET", "image/x/y"),
])  # fmt: skip
def test_what_is_not_there_is_404(admin: Metal, db: None, method: str, path: str) -> None:
    assert call(admin, method, path, {} if method == "POST" else None)[0] == 404
    assert (admin.last["statuscode"], set(admin.last)) == (404, {"statuscode", "message"})


@pytest.mark.parametrize("body", ["[]", "7", "{", '"a"', ""])
def test_body_that_is_no_object_is_400(db: None, body: str) -> None:
    answer = Client().put("/metal/v1/network", body, "application/json", headers=signed("PUT"))
    assert answer.status_code == answer.json()["statuscode"] == 400


# --- finding --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("said", "number"), [
    ({"id": "INTERNET"}, 0), ({"id": "internet", "hostname": "x"}, 1), ({"partitionid": "MINI-LAB"}, 0),
    ({"name": None, "nat": None, "prefixes": None, "labels": None, "vrf": None}, 2), ({"underlay": False}, 2),
    ({"nat": False, "privatesuper": True}, 1), ({"prefixes": ["203.0.113.128/25", "10.0.0.0/16"]}, 0),
    ({"labels": {"a": None}}, 2), ({"parentnetworkid": ""}, 2), ({"parentnetworkid": "tenants"}, 0),
    ({"destinationprefixes": ["0.0.0.0/0", "::/0"]}, 1), ({"destinationprefixes": ["0.0.0.0/0", "10.0.0.0/8"]}, 0),
])  # fmt: skip
def test_networks_are_found_exactly(
    view: Metal, internet: Network, tenants: Network, said: dict[str, Any], number: int
) -> None:
    status, found = call(view, "POST", "network/find", said)
    assert (status, len(found)) == (200, number)


def test_keys_are_found_as_they_are_shown(edit: Metal, internet: Network, project: Project) -> None:
    wanted = {"networkid": "internet", "projectid": str(project.pk), "type": "static", "description": "d"}
    made = call(edit, "POST", "ip/allocate", wanted)[1]
    for name in ("ipaddress", "allocationuuid", "networkid", "projectid", "type", "name", "description", "tags"):
        assert call(edit, "POST", "ip/find", {name: made[name]}) == (200, [made])
    for name in ("allocationuuid", "projectid", "networkid", "type", "description"):
        assert call(edit, "POST", "ip/find", {name: made[name].upper()}) == (200, [])
