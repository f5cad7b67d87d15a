"""Addresses that a cluster owns, and further ranges of its services."""

import uuid
from typing import Any

import pytest

from ipam import errors
from ipam.domain.clusters import belongings, lifecycle, planning, service_ranges
from ipam.domain.networks import addresses, allocations, completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, IPAddress, Network, Partition, Project
from tests.builders import IPV6, cidrs, external, families, worked_example
from tests.shared import shared_fixture


@shared_fixture
def web(private: Network, project: Project) -> Cluster:
    """Alice's cluster, the worked example, reserved."""
    return lifecycle.create(worked_example(project=project, network=private), reserve=True)


def owned(cluster: Cluster) -> dict[str, list[str]]:
    return belongings.of([planning.get(cluster.pk)])[cluster.pk]


# --- addresses ------------------------------------------------------------------------------------
def test_load_balancers_get_whole_static_allocations(web: Cluster, internet: Network) -> None:
    rows = belongings.take_for_load_balancers(web, internet, count=2)
    assert [str(one) for one in rows] == [
        *("203.0.113.129", "2001:db8:0:113::1", "203.0.113.130", "2001:db8:0:113::2"),
    ]
    assert {(one.type, one.cluster_id, one.project_id) for one in rows} == {("static", web.pk, web.project_id)}
    assert len({one.allocation for one in rows}) == 2
    assert owned(web)["load_balancer_ips"] == [
        *("203.0.113.129", "203.0.113.130", "2001:db8:0:113::1", "2001:db8:0:113::2"),
    ]


def test_what_does_not_fit_takes_nothing(web: Cluster, partition: Partition) -> None:
    small = networks.create(external(id="small", vrf=7, prefixes=cidrs("198.51.100.0/30", "2001:db8:7::/64")))
    with pytest.raises(errors.Exhausted):
        belongings.take_for_load_balancers(web, small, count=3)
    assert not small.addresses.exists()


@pytest.mark.parametrize("count", [0, 1001])
def test_count_is_1_to_1000(count: int, web: Cluster, internet: Network) -> None:
    with pytest.raises(errors.Invalid):
        belongings.take_for_load_balancers(web, internet, count=count)


def test_address_of_a_cluster_is_neither_released_by_itself_nor_anothers(web: Cluster, internet: Network) -> None:
    (ipv4, _) = belongings.take_for_load_balancers(web, internet)
    with pytest.raises(errors.InUse, match="belongs to cluster web"):
        addresses.release(ipv4)
    with pytest.raises(errors.Several, match="belongs to cluster web"):
        addresses.release_allocation(ipv4.allocation)
    with pytest.raises(errors.InUse, match="belongs to a cluster"):
        machines.allocate(
            project=web.project,
            partition=web.network.partition,
            networks=[Attachment(network=web.network), Attachment(network=internet, ips=[ipv4.address])],
        )


def test_pair_of_a_cluster_is_not_parted(web: Cluster, internet: Network) -> None:
    (ipv4, _) = belongings.take_for_api(web, internet)
    with pytest.raises(errors.Several) as refusal:
        allocations.part(ipv4.allocation)
    assert {(error.code, "belongs to cluster web" in error.detail) for error in refusal.value.errors} == {
        ("in_use", True)
    }
    assert owned(web)["load_balancer_ips"] == []


def test_half_of_a_cluster_is_joined_with_nothing(web: Cluster, internet: Network) -> None:
    (ipv4, _) = belongings.take_for_load_balancers(web, internet)
    IPAddress.objects.filter(family=6).update(allocation=uuid.uuid4(), cluster=None)
    ipv6 = IPAddress.objects.get(family=6)
    with pytest.raises(errors.InUse, match="belongs to cluster web"):
        allocations.join([ipv4.pk, ipv6.pk])
    assert (allocations.joinable(ipv4), allocations.joinable(ipv6)) == ([], [])


def test_allocation_of_a_cluster_goes_back_by_itself_or_with_it(web: Cluster, internet: Network) -> None:
    first, *_ = belongings.take_for_load_balancers(web, internet, count=2)
    belongings.give_back(web, first.allocation)
    assert IPAddress.objects.filter(cluster=web).count() == 2
    for gone in (first.allocation, uuid.uuid4()):
        with pytest.raises(errors.NotFound):
            belongings.give_back(web, gone)
    lifecycle.release(web)
    assert not internet.addresses.exists()
    with pytest.raises(errors.WrongState):
        belongings.take_for_load_balancers(web, internet)


def test_api_has_one_pair_beside_the_load_balancers(web: Cluster, internet: Network) -> None:
    pair = belongings.take_for_api(web, internet)
    with pytest.raises(errors.AlreadyExists):
        belongings.take_for_api(web, internet)
    assert owned(web) == {
        "load_balancer_ips": [],
        "api_ips": ["203.0.113.129", "2001:db8:0:113::1"],
        "firewall_ips": [],
    }
    belongings.give_back(web, pair[0].allocation)
    assert planning.get(web.pk).api_allocation is None


def test_firewalls_addresses_are_those_of_its_machines(
    web: Cluster, internet: Network, underlay: Network, partition: Partition
) -> None:
    joined = [Attachment(network=web.network), Attachment(network=internet)]
    machines.allocate(project=web.project, partition=partition, networks=joined, role="firewall")
    assert owned(web)["firewall_ips"] == [
        "10.0.0.1",
        "10.1.0.1",
        "203.0.113.129",
        "2001:db8:0:10::1",
        "2001:db8:0:113::1",
    ]


def test_completed_half_belongs_to_the_cluster_too(web: Cluster) -> None:
    Cluster.objects.update(families="ipv4", node_mask_ipv6=None)
    web.ranges.filter(family=6).delete()
    shared = networks.create(external(id="wide", vrf=7, prefixes=cidrs("198.51.100.0/24", "2001:db8:7::/64")))
    belongings.take_for_load_balancers(web, shared)
    completion.complete(shared, IPV6)
    assert owned(web)["load_balancer_ips"] == ["198.51.100.1", "2001:db8:7::1"]


def test_draft_that_is_deleted_gives_its_addresses_back(web: Cluster, internet: Network, tenants: Network) -> None:
    draft = lifecycle.create(worked_example(name="draft", project=web.project, parent=tenants, pods={}, services={}))
    belongings.take_for_load_balancers(draft, internet)
    lifecycle.delete(draft)
    assert not internet.addresses.exists()


# --- further services -----------------------------------------------------------------------------
def test_running_cluster_gains_services_which_are_reserved(web: Cluster, tenants: Network) -> None:
    changed = service_ranges.add(web, families("10.249.0.0/18", "fd00:10:249::/112"))
    assert [str(one) for one in changed.service_cidrs] == ["10.249.0.0/18", "fd00:10:249::/112"]
    with pytest.raises(errors.Overlap, match="further services of cluster web"):
        networks.add_prefix(tenants, *cidrs("10.249.0.0/20"))
    service_ranges.remove(web, *cidrs("10.249.0.0/18"))
    networks.add_prefix(tenants, *cidrs("10.249.0.0/20"))
    with pytest.raises(errors.NotFound):
        service_ranges.remove(web, *cidrs("10.249.0.0/18"))


@pytest.mark.parametrize(
    ("version", "text", "refusal"),
    [
        ("1.32", "10.249.0.0/18", errors.VersionNotSupported),
        ("1.33", "10.248.32.0/20", errors.RangesOverlap),
        ("1.33", "10.249.0.0/29", errors.ServicesTooSmall),
        ("1.33", "16.0.0.0/11", errors.ServicesTooLarge),
        ("1.33", "127.0.0.0/24", errors.RangeNotUsable),
        ("1.33", "10.0.8.0/24", errors.Overlap),
        ("1.33", "203.0.113.128/26", None),
    ],
)
def test_further_services_are_judged_like_the_first(
    version: str, text: str, refusal: Any, web: Cluster, internet: Network
) -> None:
    Cluster.objects.update(kubernetes_version=version)
    if refusal is None:
        service_ranges.add(web, families(text))
    else:
        with pytest.raises(refusal):
            service_ranges.add(web, families(text))


def test_draft_gains_no_further_services(tenants: Network, project: Project) -> None:
    draft = lifecycle.create(worked_example(name="draft", project=project, parent=tenants, pods={}, services={}))
    with pytest.raises(errors.WrongState):
        service_ranges.add(draft, families("10.249.0.0/18"))
