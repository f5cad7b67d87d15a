"""Rules 1 to 3: types, the fields that each takes, and ids."""

from collections.abc import Callable
from typing import Any

import pytest

from ipam import errors
from ipam.domain.core import lookups
from ipam.domain.networks import network_fields, networks, partitions, projects
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import Network, Partition, Project
from ipam.models.networks import NatType, NetworkType
from tests.builders import IPV4, child, cidrs, codes, external, namespaced, super_network, underlay_network
from tests.shared import shared_fixture

MUST, MAY, NOT = "required", "optional", "refused"
TYPES = ["external", "underlay", "super", "super-namespaced", "child", "child-shared"]
# Rule 2, written down a second time: what the code says is compared with this.
TABLE = {
    "id": [MUST, MUST, MUST, MUST, NOT, NOT],
    "project": [MAY, NOT, MAY, MAY, MUST, MUST],
    "partition": [MAY, MUST, MAY, NOT, MAY, MAY],
    "parent": [NOT, NOT, NOT, NOT, MAY, MAY],
    "prefixes": [MUST, MUST, MUST, MUST, MAY, MAY],
    "destination_prefixes": [MAY, NOT, MAY, MAY, NOT, NOT],
    "default_child_prefix_length": [NOT, NOT, MUST, MUST, NOT, NOT],
    "min_child_prefix_length": [NOT, NOT, MAY, MAY, NOT, NOT],
    "child_choice": [NOT, NOT, MAY, MAY, NOT, NOT],
    "length": [NOT, NOT, NOT, NOT, MAY, MAY],
    "address_family": [NOT, NOT, NOT, NOT, MAY, MAY],
    "vrf": [MUST, NOT, MAY, MAY, MAY, MAY],
    "nat_type": [MAY, NOT, MAY, MAY, NOT, NOT],
    "additional_announcable_cidrs": [NOT, NOT, MAY, MAY, NOT, NOT],
    "stack": [MAY, MAY, MAY, MAY, MAY, MAY],
    "quarantine": [MAY, MAY, MAY, MAY, MAY, MAY],
}
EMPTY: dict[str, Any] = {
    "id": "",
    "project": None,
    "partition": None,
    "parent": None,
    "prefixes": (),
    "destination_prefixes": (),
    "default_child_prefix_length": {},
    "min_child_prefix_length": {},
    "child_choice": "",
    "length": {},
    "address_family": (),
    "vrf": None,
    "nat_type": NatType.NONE,
    "additional_announcable_cidrs": (),
    "stack": "",
    "quarantine": {},
}


def cases(require: str) -> list[tuple[str, str]]:
    return [
        (type_, field)
        for field, row in TABLE.items()
        for type_, said in zip(TYPES, row, strict=True)
        if said == require
    ]


@shared_fixture
def given(partition: Partition, project: Project) -> dict[str, Any]:
    """A value for every field."""
    elsewhere = partitions.create(id="elsewhere")
    return {
        "id": "a-network",
        "project": project,
        "partition": partition,
        "parent": networks.create(super_network(partition=elsewhere)),
        "prefixes": cidrs("192.0.2.0/24"),
        "destination_prefixes": cidrs("0.0.0.0/0"),
        "default_child_prefix_length": {IPV4: 26},
        "min_child_prefix_length": {IPV4: 25},
        "child_choice": "sparse",
        "length": {IPV4: 24},
        "address_family": [IPV4],
        "vrf": 200_000,
        "nat_type": "ipv4-masquerade",
        "additional_announcable_cidrs": cidrs("10.240.0.0/12"),
        "stack": "dual",
        "quarantine": {IPV4: 24},
    }


def complete(type_: str, given: dict[str, Any]) -> dict[str, Any]:
    """The fields that a network of this type cannot do without."""
    position = TYPES.index(type_)
    fields = {field: given[field] for field, row in TABLE.items() if row[position] == MUST}
    return fields | {"type": type_}


@pytest.mark.parametrize(("type_", "field"), cases(MUST))
def test_field_is_required(type_: str, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(errors.IpamError) as refusal:
        networks.create(NewNetwork(**complete(type_, given) | {field: EMPTY[field]}))
    missing = "missing_default_child_prefix_length" if field == "default_child_prefix_length" else "required"
    assert [(error.code, error.field) for error in refusal.value.errors] == [(missing, field)]


@pytest.mark.parametrize(("type_", "field"), cases(NOT))
def test_field_is_refused(type_: str, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(errors.IpamError) as refusal:
        networks.create(NewNetwork(**complete(type_, given) | {field: given[field]}))
    assert [(error.code, error.field) for error in refusal.value.errors] == [("forbidden_field", field)]


@pytest.mark.parametrize(("type_", "field"), cases(MAY))
def test_field_is_optional(type_: str, field: str, given: dict[str, Any]) -> None:
    fields = complete(type_, given)
    if type_.startswith("child") and field == "partition":
        given["partition"] = given["parent"].partition
    elif type_.startswith("child"):
        fields["parent"] = given["parent"]
    if type_.startswith("child") and field == "prefixes":
        given["prefixes"] = cidrs("10.0.8.0/22")
    network = networks.create(NewNetwork(**fields | {field: given[field]}))
    assert network.type == type_


@pytest.mark.parametrize("type_", TYPES)
def test_required_fields_are_enough(type_: str, given: dict[str, Any]) -> None:
    fields = complete(type_, given)
    if type_.startswith("child"):
        fields["parent"] = given["parent"]
    assert networks.create(NewNetwork(**fields)).type == type_


def test_child_takes_a_partition_instead_of_a_parent(tenants: Network, project: Project) -> None:
    network = networks.create(child(partition=tenants.partition, project=project))
    assert network.parent == tenants


def test_all_offences_are_reported_together(partition: Partition, project: Project) -> None:
    with pytest.raises(errors.Several) as refusal:
        networks.create(NewNetwork(type="underlay", id="underlay", project=project, vrf=7, nat_type="ipv4-masquerade"))
    assert [(error.code, error.field) for error in refusal.value.errors] == [
        ("forbidden_field", "project"),
        ("required", "partition"),
        ("required", "prefixes"),
        ("forbidden_field", "vrf"),
        ("forbidden_field", "nat_type"),
    ]


def test_unknown_type_is_refused_with_the_known_ones(db: None) -> None:
    with pytest.raises(errors.Invalid, match="external, underlay, super, super-namespaced, child, child-shared"):
        networks.create(NewNetwork(type="privatesuper", id="tenants"))


def test_type_is_no_field_that_an_update_takes() -> None:
    assert "type" not in networks.UPDATABLE


@pytest.mark.parametrize("type_", [NetworkType.EXTERNAL, NetworkType.SUPER])
def test_stack_is_dual_unless_it_is_given(type_: str, given: dict[str, Any]) -> None:
    assert networks.create(NewNetwork(**complete(type_, given) | {"stack": ""})).stack == "dual"


def test_child_has_the_stack_of_its_parent_unless_it_is_given(tenants: Network, project: Project) -> None:
    assert networks.create(child(parent=tenants, project=project)).stack == "dual"
    assert networks.create(child(parent=tenants, project=project, stack="ipv6")).stack == "ipv6"


def test_child_has_at_most_the_stack_of_its_parent(project: Project) -> None:
    parent = networks.create(
        super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22}, stack="ipv4")
    )
    with pytest.raises(errors.FamilyNotAllowed, match="tenants is IPv4 only, so its children cannot be dual-stack"):
        networks.create(child(parent=parent, project=project, stack="dual"))


def test_underlay_refuses_ipv6(partition: Partition) -> None:
    with pytest.raises(errors.FamilyNotAllowed, match="IPv4 only"):
        networks.create(underlay_network(partition=partition, prefixes=cidrs("10.1.0.0/24", "2001:db8:1::/64")))


def test_underlay_refuses_ipv6_also_later(underlay: Network) -> None:
    with pytest.raises(errors.FamilyNotAllowed):
        networks.add_prefix(underlay, *cidrs("2001:db8:1::/64"))


@pytest.mark.parametrize("make", [super_network, namespaced])
def test_super_needs_a_child_length_for_each_family(make: Callable[..., NewNetwork], db: None) -> None:
    with pytest.raises(errors.MissingDefaultChildPrefixLength, match="no IPv6 child prefix length"):
        networks.create(make(default_child_prefix_length={IPV4: 27}))


@pytest.mark.parametrize("id", ["a", "-ab", "ab-", "a b", "a/b", "ä-b", "a\n", "a" * 129, "ab\n"])
def test_id_that_is_no_slug_is_refused(id: str, db: None) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        networks.create(external(id=id))
    assert refusal.value.field == "id"


@pytest.mark.parametrize("id", ["ab", "a" * 128, "Internet_mini-lab.2"])
def test_id_is_a_slug_of_2_to_128_characters(id: str, db: None) -> None:
    assert networks.create(external(id=id)).pk == id


def test_id_is_unique_over_all_types(internet: Network) -> None:
    with pytest.raises(errors.AlreadyExists, match="already a network internet"):
        networks.create(super_network(id="internet"))


def test_partition_and_project_ids_are_unique(partition: Partition, project: Project) -> None:
    with pytest.raises(errors.AlreadyExists):
        partitions.create(id=partition.pk)
    with pytest.raises(errors.AlreadyExists):
        projects.create(id=project.pk)


def test_project_or_partition_that_does_not_exist_is_named(db: None) -> None:
    with pytest.raises(errors.NotFound, match="no partition “atlantis”") as refusal:
        lookups.get(Partition, "atlantis", field="partition")
    assert refusal.value.field == "partition"
    with pytest.raises(errors.NotFound, match="no project “not-even-a-uuid”"):
        lookups.get(Project, "not-even-a-uuid")


def test_owner_in_use_is_not_deleted(internet: Network, partition: Partition) -> None:
    with pytest.raises(errors.InUse, match=r"1 network\. Remove or release it first"):
        partitions.delete(partition)


def test_owner_of_nothing_is_deleted(partition: Partition, project: Project) -> None:
    partitions.delete(partition)
    projects.delete(project)
    assert (Partition.objects.count(), Project.objects.count()) == (0, 0)


def test_broken_rules_of_the_values_are_reported_together(partition: Partition) -> None:
    with pytest.raises(errors.Several) as refusal:
        networks.create(
            external(prefixes=cidrs("203.0.113.1/25"), destination_prefixes=cidrs("::/0"), partition=partition)
        )
    assert codes(refusal.value) == ["prefix_not_canonical", "family_not_in_network"]


def test_fields_are_judged_by_the_names_of_what_they_refer_to() -> None:
    said = {"type": "underlay", "id": "underlay", "partition": "nowhere", "project": "nobody", "prefixes": ["x"]}
    assert [(one.field, one.code) for one in network_fields.violations_of_given("underlay", said)] == [
        ("project", "forbidden_field")
    ]


def test_of_many_offences_a_hundred_are_told_and_the_rest_counted() -> None:
    several = errors.Several([errors.Invalid(f"Number {number}.") for number in range(1000)])
    assert (several.detail.count("Number"), several.detail.endswith("And 900 more problems.")) == (100, True)
