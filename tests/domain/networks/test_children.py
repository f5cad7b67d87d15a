"""Rules 10 to 16: child networks, carved out of super networks."""

import pytest

from ipam import errors
from ipam.domain.networks import addresses, networks, projects
from ipam.models import FreeBlock, Network, Partition, Prefix, Project
from tests.builders import IPV4, IPV6, child, cidrs, free_blocks, namespaced, prefixes_of, super_network
from tests.shared import shared_fixture


@shared_fixture
def clusters() -> Network:
    return networks.create(namespaced())


# --- 10: the parent -------------------------------------------------------------------------------
def test_child_is_carved_from_the_parent_that_is_named(tenants: Network, project: Project) -> None:
    network = networks.create(child(parent=tenants, project=project))
    assert prefixes_of(network) == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_partition_stands_for_its_super_network(tenants: Network, partition: Partition, project: Project) -> None:
    assert networks.create(child(partition=partition, project=project)).parent == tenants


def test_parent_and_partition_are_not_named_both(tenants: Network, partition: Partition, project: Project) -> None:
    with pytest.raises(errors.AmbiguousParent):
        networks.create(child(parent=tenants, partition=partition, project=project))


def test_parent_or_partition_is_named(project: Project) -> None:
    with pytest.raises(errors.Required) as refusal:
        networks.create(child(project=project))
    assert refusal.value.field == "parent"


@pytest.mark.parametrize("kind", ["internet", "underlay", "private"])
def test_parent_is_a_super_network(kind: str, request: pytest.FixtureRequest, project: Project) -> None:
    with pytest.raises(errors.ParentNotSuper, match="children are carved from super networks only"):
        networks.create(child(parent=request.getfixturevalue(kind), project=project))


def test_parent_of_a_project_serves_that_project(project: Project) -> None:
    own = networks.create(super_network(project=project))
    assert networks.create(child(parent=own, project=project)).parent == own


def test_parent_of_a_project_serves_no_other(project: Project, stranger: Project) -> None:
    own = networks.create(super_network(project=project))
    with pytest.raises(errors.WrongProject):
        networks.create(child(parent=own, project=stranger))


def test_partition_without_super_has_no_parent(partition: Partition, project: Project) -> None:
    with pytest.raises(errors.NoParentNetwork, match="Partition mini-lab has no super network"):
        networks.create(child(partition=partition, project=project))


def test_super_of_a_project_does_not_stand_for_the_partition(partition: Partition, project: Project) -> None:
    networks.create(super_network(partition=partition, project=project))
    with pytest.raises(errors.NoParentNetwork):
        networks.create(child(partition=partition, project=project))


def test_parent_without_partition_gives_a_child_without(tiny: Network, project: Project) -> None:
    assert networks.create(child(parent=tiny, project=project)).partition is None


def test_child_is_carved_by_what_its_parent_says_now(tenants: Network, project: Project) -> None:
    networks.update(tenants, default_child_prefix_length={IPV4: 24, IPV6: 112})
    network = networks.create(child(parent=tenants, project=project))  # `tenants` was read before the update
    assert prefixes_of(network) == ["10.0.0.0/24", "2001:db8:0:10::/112"]


# --- 11: what is inherited ------------------------------------------------------------------------
@shared_fixture
def generous(partition: Partition) -> Network:
    """A super network with everything that can be inherited, and what cannot."""
    return networks.create(
        super_network(
            partition=partition,
            vrf=500,
            nat_type="ipv4-masquerade",
            destination_prefixes=cidrs("10.240.0.0/12", "2001:db8:ff::/48"),
            additional_announcable_cidrs=cidrs("10.250.0.0/16"),
            min_child_prefix_length={IPV4: 20},
            labels={"tier": "gold"},
        )
    )


def test_child_inherits_vrf_partition_nat_and_destinations(generous: Network, project: Project) -> None:
    network = networks.create(child(parent=generous, project=project))
    assert (network.vrf_id, network.partition_id, network.nat_type, network.destination_prefixes) == (
        500,
        "mini-lab",
        "ipv4-masquerade",
        ["10.240.0.0/12", "2001:db8:ff::/48"],
    )


def test_child_does_not_inherit_labels_lengths_and_announcable_cidrs(generous: Network, project: Project) -> None:
    network = networks.create(child(parent=generous, project=project))
    assert (
        network.labels,
        network.default_child_prefix_length,
        network.min_child_prefix_length,
        network.additional_announcable_cidrs,
    ) == ({}, {}, {}, [])


def test_child_inherits_destinations_of_its_families_only(generous: Network, project: Project) -> None:
    network = networks.create(child(parent=generous, project=project, address_family=[IPV6]))
    assert network.destination_prefixes == ["2001:db8:ff::/48"]


def test_child_inherits_once_and_not_again(generous: Network, project: Project) -> None:
    network = networks.create(child(parent=generous, project=project))
    networks.update(generous, nat_type="none", destination_prefixes=[])
    network.refresh_from_db()
    assert (network.nat_type, len(network.destination_prefixes)) == ("ipv4-masquerade", 2)


# --- 12: one shared child per project -------------------------------------------------------------
def test_project_has_one_shared_child(tenants: Network, project: Project) -> None:
    first = networks.create(child(type="child-shared", parent=tenants, project=project))
    with pytest.raises(errors.OneSharedChildPerProject, match=first.pk):
        networks.create(child(type="child-shared", parent=tenants, project=project))


def test_each_project_has_its_shared_child(tenants: Network, project: Project, stranger: Project) -> None:
    for owner in (project, stranger):
        networks.create(child(type="child-shared", parent=tenants, project=owner))
    assert tenants.children.count() == 2


# --- 13: families and lengths ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("request_", "prefixes"),
    [
        ({}, ["10.0.0.0/22", "2001:db8:0:10::/96"]),
        ({"length": {IPV4: 24, IPV6: 80}}, ["10.0.0.0/24", "2001:db8:0:10::/80"]),
        ({"length": {IPV4: 24}}, ["10.0.0.0/24"]),
        ({"length": {IPV6: 112}}, ["2001:db8:0:10::/112"]),
        ({"address_family": [IPV4]}, ["10.0.0.0/22"]),
        ({"address_family": [IPV6]}, ["2001:db8:0:10::/96"]),
        ({"address_family": [IPV4, IPV6]}, ["10.0.0.0/22", "2001:db8:0:10::/96"]),
        ({"address_family": [IPV4], "length": {IPV4: 24, IPV6: 80}}, ["10.0.0.0/24"]),
        ({"stack": "ipv6"}, ["2001:db8:0:10::/96"]),
    ],
)
def test_families_and_lengths_of_a_child(
    request_: dict[str, object], prefixes: list[str], tenants: Network, project: Project
) -> None:
    assert prefixes_of(networks.create(child(parent=tenants, project=project, **request_))) == prefixes


def test_dual_stack_child_demands_both_families(project: Project) -> None:
    parent = networks.create(super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22}))
    with pytest.raises(errors.FamilyNotInNetwork, match="tenants gives no IPv6"):
        networks.create(child(parent=parent, project=project, address_family=[IPV4, IPV6]))


def test_dual_stack_child_with_one_length_is_refused(tenants: Network, project: Project) -> None:
    with pytest.raises(errors.FamilyNotInNetwork, match="IPv6"):
        networks.create(child(parent=tenants, project=project, length={IPV4: 24}, address_family=[IPV4, IPV6]))


def test_single_stack_super_gives_a_single_stack_child(project: Project) -> None:
    parent = networks.create(super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22}))
    assert prefixes_of(networks.create(child(parent=parent, project=project))) == ["10.0.0.0/22"]


def test_length_of_a_family_that_the_stack_excludes_is_refused(tenants: Network, project: Project) -> None:
    with pytest.raises(errors.FamilyNotAllowed):
        networks.create(child(parent=tenants, project=project, stack="ipv4", length={IPV6: 96}))


def test_length_under_the_minimum_is_refused(generous: Network, project: Project) -> None:
    with pytest.raises(errors.MinChildPrefixLength, match="/20 or longer, not /18"):
        networks.create(child(parent=generous, project=project, length={IPV4: 18}))


def test_length_of_the_minimum_is_fine(generous: Network, project: Project) -> None:
    assert prefixes_of(networks.create(child(parent=generous, project=project, length={IPV4: 20}))) == ["10.0.0.0/20"]


@pytest.mark.parametrize(("length", "code"), [(16, "child_prefix_length_too_short"), (33, "invalid")])
def test_requested_length_is_one_that_can_be_carved(length: int, code: str, tenants: Network, project: Project) -> None:
    with pytest.raises(errors.IpamError) as refusal:
        networks.create(child(parent=tenants, project=project, length={IPV4: length}))
    assert (refusal.value.code, refusal.value.field) == (code, "length")


def test_requested_length_of_a_family_that_the_parent_lacks_is_refused(project: Project) -> None:
    parent = networks.create(super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22}))
    with pytest.raises(errors.ChildPrefixLengthFamily):
        networks.create(child(parent=parent, project=project, length={IPV6: 96}))


# --- 14: which space ------------------------------------------------------------------------------
def carve(parent: Network, project: Project, length: int) -> Network:
    return networks.create(child(parent=parent, project=project, length={IPV4: length}))


def test_smallest_block_that_is_large_enough_is_taken(tiny: Network, project: Project) -> None:
    carve(tiny, project, 26)  # leaves 10.9.0.64/26 and 10.9.0.128/25
    assert prefixes_of(carve(tiny, project, 25)) == ["10.9.0.128/25"]
    assert prefixes_of(carve(tiny, project, 28)) == ["10.9.0.64/28"]


def test_of_equal_blocks_the_lowest_is_taken(tiny: Network, project: Project) -> None:
    first, _, third, _ = [carve(tiny, project, 26) for _ in range(4)]
    for network in (third, first):
        networks.delete(network)
    assert prefixes_of(carve(tiny, project, 27)) == ["10.9.0.0/27"]


def test_smaller_block_is_preferred_to_a_lower_one(tiny: Network, project: Project) -> None:
    lower = carve(tiny, project, 25)
    carve(tiny, project, 26)
    networks.delete(lower)  # leaves 10.9.0.0/25 and 10.9.0.192/26
    assert prefixes_of(carve(tiny, project, 26)) == ["10.9.0.192/26"]


def test_prefixes_of_the_parent_are_tried_in_the_order_of_their_addition(tiny: Network, project: Project) -> None:
    networks.add_prefix(tiny, *cidrs("10.1.0.0/24"))
    assert prefixes_of(carve(tiny, project, 25)) == ["10.9.0.0/25"]


def test_next_prefix_of_the_parent_is_used_when_the_first_is_full(tiny: Network, project: Project) -> None:
    networks.add_prefix(tiny, *cidrs("10.1.0.0/24"))
    assert [prefixes_of(carve(tiny, project, 25)) for _ in range(3)][2] == ["10.1.0.0/25"]


def test_carving_leaves_the_rest_as_free_blocks(tiny: Network, project: Project) -> None:
    carve(tiny, project, 26)
    assert free_blocks(tiny) == ["10.9.0.64/26", "10.9.0.128/25", "2001:db8:9::/63"]


def test_exhausted_names_the_family(tiny: Network, project: Project) -> None:
    for _ in range(2):
        networks.create(child(parent=tiny, project=project))
    with pytest.raises(errors.Exhausted, match=r"IPv6 of tiny has no room for a /64\. Nothing is free\."):
        networks.create(child(parent=tiny, project=project))


def test_child_takes_nothing_when_ipv6_is_full(tiny: Network, project: Project) -> None:
    for _ in range(2):
        networks.create(child(parent=tiny, project=project))
    before = free_blocks(tiny), Network.objects.count()
    with pytest.raises(errors.Exhausted):
        networks.create(child(parent=tiny, project=project))
    assert (free_blocks(tiny), Network.objects.count()) == before


def test_exhausted_names_the_free_blocks_that_are_left(tiny: Network, project: Project) -> None:
    carve(tiny, project, 26)
    carve(tiny, project, 25)
    with pytest.raises(errors.Exhausted, match=r"IPv4 of tiny has no room for a /25\. .* 10\.9\.0\.64/26\."):
        carve(tiny, project, 25)


# --- 15: namespaces -------------------------------------------------------------------------------
def test_space_starts_again_for_each_project(clusters: Network, project: Project, stranger: Project) -> None:
    of_alice, of_mallory = [networks.create(child(parent=clusters, project=owner)) for owner in (project, stranger)]
    assert prefixes_of(of_alice) == prefixes_of(of_mallory) == ["100.64.0.0/26", "2001:db8:64::/64"]


def test_children_of_one_project_never_overlap(clusters: Network, project: Project) -> None:
    found = [prefixes_of(networks.create(child(parent=clusters, project=project)))[0] for _ in range(4)]
    assert found == ["100.64.0.0/26", "100.64.0.64/26", "100.64.0.128/26", "100.64.0.192/26"]


def test_namespace_is_exhausted_for_its_project_only(clusters: Network, project: Project, stranger: Project) -> None:
    for _ in range(4):
        networks.create(child(parent=clusters, project=project))
    with pytest.raises(errors.Exhausted):
        networks.create(child(parent=clusters, project=project))
    networks.create(child(parent=clusters, project=stranger))


def test_children_of_two_namespaces_hold_the_same_addresses(
    clusters: Network, project: Project, stranger: Project
) -> None:
    held = []
    for owner in (project, stranger):
        network = networks.create(child(parent=clusters, project=owner))
        held.append([str(address) for address in addresses.allocate(network, project=owner)])
    assert held[0] == held[1] == ["100.64.0.1", "2001:db8:64::1"]


def test_prefix_that_a_namespaced_super_gains_serves_every_project(
    clusters: Network, project: Project, stranger: Project
) -> None:
    for _ in range(4):
        networks.create(child(parent=clusters, project=project))
    networks.update(clusters, prefixes=cidrs("100.64.0.0/24", "100.65.0.0/24", "2001:db8:64::/62", "2001:db8:65::/62"))
    later = networks.create(child(parent=clusters, project=project))
    of_newcomer = [networks.create(child(parent=clusters, project=stranger)) for _ in range(5)]
    assert prefixes_of(later) == prefixes_of(of_newcomer[4]) == ["100.65.0.0/26", "2001:db8:65::/64"]


def test_project_keeps_its_copy_of_a_namespaced_space_after_its_last_child(clusters: Network, project: Project) -> None:
    networks.delete(networks.create(child(parent=clusters, project=project)))
    assert free_blocks(clusters) == ["100.64.0.0/24", "2001:db8:64::/62"]


def test_project_without_children_goes_with_its_copies_of_namespaced_space(clusters: Network, project: Project) -> None:
    networks.delete(networks.create(child(parent=clusters, project=project)))
    projects.delete(project)
    assert not FreeBlock.objects.exists()


# --- 16: children or addresses --------------------------------------------------------------------
def test_prefix_with_children_gives_no_addresses(tenants: Network, private: Network, project: Project) -> None:
    with pytest.raises(errors.NetworkNotUsable, match="Carve a child network"):
        addresses.allocate(tenants, project=project)


def test_prefix_with_addresses_takes_no_children(private: Network, project: Project) -> None:
    addresses.allocate(private, project=project)
    with pytest.raises(errors.ParentNotSuper):
        networks.create(child(parent=private, project=project))


def test_every_child_prefix_lies_in_its_parent(tenants: Network, private: Network) -> None:
    assert [(str(prefix.parent), prefix.cidr in prefix.parent.cidr) for prefix in Prefix.objects.exclude(parent=None)
            if prefix.parent] == [("10.0.0.0/16", True), ("2001:db8:0:10::/64", True)]  # fmt: skip
