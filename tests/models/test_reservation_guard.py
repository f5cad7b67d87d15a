"""The database refuses whatever overlaps a reserved range, also where no rule of the domain layer has looked."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.domain.clusters import lifecycle
from ipam.domain.networks import networks, projects
from ipam.models import Cluster, ClusterRange, Network, Prefix
from ipam.models.reservation_guards import APART_FROM_NETWORKS, RANGES_DISJOINT
from tests.builders import child, cidrs, external, super_network, worked_example
from tests.models.conftest import Insert
from tests.shared import shared_fixture


@shared_fixture
def cluster(private: Network) -> Cluster:
    """The worked example, reserved below “tenants”."""
    assert private.project
    return lifecycle.create(worked_example(project=private.project, network=private), reserve=True)


@shared_fixture
def draft(tenants: Network, project: Any) -> Cluster:
    """Another cluster below the same super network."""
    return lifecycle.create(worked_example(name="draft", project=project, parent=tenants, pods={}, services={}))


def between(text: str) -> dict[str, Any]:
    cidr = IPNetwork(text)
    first, last = Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)
    return {"family": cidr.version, "first": first, "last": last, "length": cidr.prefixlen}


def where(cluster: Cluster, *, is_strict: bool = False) -> dict[str, Any]:
    """What says that a range is reserved beside those of this cluster."""
    return {"reserved_in": "tenants", "reserved_vrf": cluster.network.vrf, "is_strict": is_strict}


def move(range_: ClusterRange, text: str, **columns: Any) -> None:
    with transaction.atomic():
        ClusterRange.objects.filter(pk=range_.pk).update(**between(text), **columns)


@pytest.mark.parametrize("text", ["10.240.0.0/13", "10.240.0.0/24", "10.247.255.255/32", "10.224.0.0/11"])
def test_reserved_ranges_of_one_vrf_never_overlap(text: str, cluster: Cluster, draft: Cluster) -> None:
    with pytest.raises(IntegrityError, match=RANGES_DISJOINT):
        move(draft.ranges.filter(family=4)[0], text, **where(cluster))


@pytest.mark.parametrize("text", ["10.239.0.0/16", "10.249.0.0/16"])
def test_reserved_ranges_beside_each_other_are_stored(text: str, cluster: Cluster, draft: Cluster) -> None:
    move(draft.ranges.filter(family=4)[0], text, **where(cluster))


def test_ranges_of_drafts_may_overlap_what_is_reserved(cluster: Cluster, draft: Cluster) -> None:
    move(draft.ranges.filter(family=4)[0], "10.240.0.0/13", reserved_in=None)


def test_reserved_ranges_below_a_strict_super_network_never_overlap(cluster: Cluster, draft: Cluster) -> None:
    cluster.ranges.update(is_strict=True)
    move(draft.ranges.filter(family=4)[0], "10.240.0.0/13", **where(draft))
    with pytest.raises(IntegrityError, match=RANGES_DISJOINT):
        draft.ranges.update(**where(draft, is_strict=True))


def test_draft_that_overlaps_cannot_become_reserved(cluster: Cluster, draft: Cluster) -> None:
    move(draft.ranges.filter(family=4)[0], "10.240.0.0/13")
    with pytest.raises(IntegrityError, match=RANGES_DISJOINT), transaction.atomic():
        draft.ranges.update(**where(cluster))


def test_ranges_below_two_super_networks_may_be_equal(cluster: Cluster) -> None:
    far = networks.create(super_network(id="far", prefixes=cidrs("10.9.0.0/16", "2001:db8:9::/64")))
    project = projects.create(name="far")
    node_network = networks.create(child(parent=far, project=project))
    other = lifecycle.create(worked_example(project=project, network=node_network), reserve=True)
    assert other.pods == cluster.pods


@pytest.mark.parametrize("text", ["10.240.0.0/24", "10.0.0.0/8", "fd00:10:240::/64", "fd00::/16"])
def test_root_prefix_never_overlaps_a_reserved_range(text: str, insert: Insert, cluster: Cluster) -> None:
    bare = networks.create(external(id="bare", vrf=7))
    cluster.ranges.update(reserved_vrf=7)
    with pytest.raises(DatabaseError, match=APART_FROM_NETWORKS), transaction.atomic():
        insert(Prefix(network=bare, **between(text)))


def test_root_prefix_of_another_vrf_may_overlap_unless_it_is_strict(insert: Insert, cluster: Cluster) -> None:
    bare = networks.create(external(id="bare", vrf=7))
    insert(Prefix(network=bare, **between("10.240.0.0/24")))
    Prefix.objects.filter(network=bare, first=Address("10.240.0.0")).delete()
    cluster.ranges.update(is_strict=True)
    with pytest.raises(DatabaseError, match=APART_FROM_NETWORKS), transaction.atomic():
        insert(Prefix(network=bare, **between("10.240.0.0/24")))


@pytest.mark.parametrize("text", ["10.0.64.0/24", "2001:db8:0:10::/120", "10.0.0.0/8"])
def test_reserved_range_never_overlaps_a_root_prefix(text: str, tenants: Network, draft: Cluster) -> None:
    with pytest.raises(IntegrityError, match=APART_FROM_NETWORKS):
        move(draft.ranges.filter(family=between(text)["family"])[0], text, **where(draft))


def test_released_ranges_are_free_for_networks(insert: Insert, cluster: Cluster) -> None:
    lifecycle.release(cluster)
    bare = networks.create(external(id="bare", vrf=7))
    assert insert(Prefix(network=bare, **between("10.240.0.0/24")))
