"""Rule 20: when a network goes, and where its space goes then."""

import pytest

from ipam import errors
from ipam.domain.networks import addresses, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import VRF, FreeBlock, Network, Partition, Prefix, Project
from tests.builders import child, codes, free_blocks, namespaced


def test_network_with_children_stays(tenants: Network, private: Network) -> None:
    with pytest.raises(errors.HasChildren, match=r"tenants has 1 child network\. Delete it"):
        networks.delete(tenants)


def test_network_with_addresses_stays(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    with pytest.raises(errors.HasIps, match="internet holds 2 addresses"):
        networks.delete(internet)


def test_network_with_machines_stays(private: Network, partition: Partition, project: Project) -> None:
    attachment = Attachment(network=private, auto=False)
    machines.allocate(project=project, partition=partition, networks=[attachment])
    with pytest.raises(errors.HasMachines, match="1 machine is in"):
        networks.delete(private)


def test_all_that_is_in_the_way_is_named(private: Network, partition: Partition, project: Project) -> None:
    machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    with pytest.raises(errors.Several) as refusal:
        networks.delete(private)
    assert codes(refusal.value) == ["has_machines", "has_ips"]


def test_deleted_network_leaves_nothing(internet: Network) -> None:
    networks.delete(internet)
    assert [model.objects.count() for model in (Network, Prefix, FreeBlock, VRF)] == [0, 0, 0, 0]


def test_space_of_a_child_goes_back_to_its_parent_and_merges(tenants: Network, project: Project) -> None:
    for network in [networks.create(child(parent=tenants, project=project)) for _ in range(3)]:
        networks.delete(network)
    assert free_blocks(tenants) == ["10.0.0.0/16", "2001:db8:0:10::/64"]


def test_space_beside_another_child_merges_as_far_as_it_can(tenants: Network, project: Project) -> None:
    _, second = [networks.create(child(parent=tenants, project=project)) for _ in range(2)]
    networks.delete(second)
    assert free_blocks(tenants)[0] == "10.0.4.0/22"
    assert len(free_blocks(tenants)) == 6 + 32


def test_space_of_a_child_is_carved_again(tenants: Network, private: Network, project: Project) -> None:
    networks.delete(private)
    again = networks.create(child(parent=tenants, project=project))
    assert str(again.prefixes.in_order()[0]) == "10.0.0.0/22"


def test_twin_in_another_namespace_never_blocks_a_deletion(project: Project, stranger: Project) -> None:
    clusters = networks.create(namespaced())
    own, twin = [networks.create(child(parent=clusters, project=owner)) for owner in (project, stranger)]
    addresses.allocate(twin, project=stranger)
    networks.delete(own)
    assert not Prefix.objects.filter(namespace=project).exists()


def test_space_goes_back_to_the_namespace_that_it_came_from(project: Project, stranger: Project) -> None:
    clusters = networks.create(namespaced())
    own, _ = [networks.create(child(parent=clusters, project=owner)) for owner in (project, stranger)]
    networks.delete(own)
    of_alice = FreeBlock.objects.filter(namespace=project).order_by("first")
    assert [str(free) for free in of_alice] == ["100.64.0.0/24", "2001:db8:64::/62"]
