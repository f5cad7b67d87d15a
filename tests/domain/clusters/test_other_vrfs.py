"""Ranges keep apart within a VRF: in another one they may be equal, which is said; a strict super keeps all apart."""

from typing import Any

import pytest

from ipam import errors
from ipam.domain.clusters import cautions, lifecycle, planning
from ipam.domain.insight import cluster_findings
from ipam.domain.networks import machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, Network, Partition, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, families, super_network, underlay_network, worked_example
from tests.shared import shared_fixture


@shared_fixture
def web(private: Network, project: Project) -> Cluster:
    """Alice's cluster, the worked example, reserved."""
    return lifecycle.create(worked_example(project=project, network=private), reserve=True)


@shared_fixture
def second(tenants: Network, project: Project) -> Network:
    """Another child of the same super network, with a VRF of its own."""
    return networks.create(child(parent=tenants, project=project))


def warned(cluster: Cluster) -> list[str]:
    found = cautions.of_cluster(planning.get(cluster.pk))
    return [one.field for one in found if one.code == "same_range_other_vrf"]


def findings() -> list[tuple[str, str]]:
    return [(one.code, one.object_id) for one in cluster_findings.of_clusters() if one.code == "same_range_other_vrf"]


def test_two_clusters_that_run_are_registered_with_equal_ranges_in_two_vrfs(web: Cluster, second: Network) -> None:
    other = lifecycle.create(worked_example(name="b", project=web.project, network=second), reserve=True)
    assert (other.pods, other.state) == (web.pods, "reserved")
    assert warned(web) == warned(other) == ["pods", "pods", "services", "services"]


def test_equal_ranges_in_one_vrf_are_refused(web: Cluster, project: Project) -> None:
    vni = web.network.vrf_id
    Network.objects.filter(vrf=vni).update(vrf_shared=True)
    far = networks.create(
        super_network(id="far", prefixes=cidrs("10.9.0.0/16", "2001:db8:9::/64"), vrf=vni, vrf_shared=True)
    )
    there = networks.create(child(parent=far, project=project))
    with pytest.raises(errors.Several) as refusal:
        lifecycle.create(worked_example(name="b", project=project, network=there), reserve=True)
    assert {error.code for error in refusal.value.errors} == {"overlap"}


def test_strict_super_network_keeps_all_below_it_apart(web: Cluster, second: Network, tenants: Network) -> None:
    networks.update(tenants, cluster_ranges="strict")
    with pytest.raises(errors.Several):
        lifecycle.create(worked_example(name="b", project=web.project, network=second), reserve=True)
    with pytest.raises(errors.Overlap):
        networks.create(external(id="other", vrf=7, prefixes=cidrs("10.240.0.0/24"), destination_prefixes=[]))
    networks.update(tenants, cluster_ranges="per-vrf")
    lifecycle.create(worked_example(name="b", project=web.project, network=second), reserve=True)
    with pytest.raises(errors.Overlap) as refusal:
        networks.update(tenants, cluster_ranges="strict")
    assert refusal.value.field == "cluster_ranges"


def test_only_super_networks_say_so(internet: Network) -> None:
    with pytest.raises(errors.ForbiddenField):
        networks.update(internet, cluster_ranges="strict")


def test_new_network_in_another_vrf_is_accepted_with_a_finding(web: Cluster) -> None:
    networks.create(external(id="other", vrf=7, prefixes=cidrs("10.240.0.0/24"), destination_prefixes=[]))
    assert findings() == [("same_range_other_vrf", "other")]
    assert warned(web) == ["pods"]


def test_network_without_a_vrf_that_overlaps_is_a_finding(web: Cluster, partition: Partition) -> None:
    networks.create(underlay_network(partition=partition, prefixes=cidrs("10.240.0.0/24")))
    assert findings() == [("same_range_other_vrf", "underlay")]


def test_prefixes_of_a_network_that_overlap_are_one_finding_of_each_family(web: Cluster) -> None:
    taken = cidrs("10.240.0.0/24", "10.240.2.0/24", "10.240.4.0/24", "fd00:10:240::/64")
    networks.create(external(id="other", vrf=7, prefixes=taken, destination_prefixes=[]))
    found = list(cluster_findings.networks_beside_clusters())
    assert [(one.family, one.sentence.partition(" a range")[0]) for one in found] == [
        (IPV4, "10.240.0.0/24 and 2 more of other overlap"),
        (IPV6, "fd00:10:240::/64 of other overlaps"),
    ]


@pytest.mark.parametrize("text", ["10.240.0.0/24", "fd00:10:248::/64"])
def test_network_of_the_same_vrf_is_refused(text: str, web: Cluster) -> None:
    Network.objects.filter(vrf=web.network.vrf_id).update(vrf_shared=True)
    with pytest.raises(errors.Overlap):
        networks.create(
            external(id="other", vrf=web.network.vrf_id, vrf_shared=True, prefixes=cidrs(text), destination_prefixes=[])
        )


def test_child_of_another_super_network_that_joins_the_vrf_is_refused(web: Cluster, project: Project) -> None:
    Network.objects.filter(vrf=web.network.vrf_id).update(vrf_shared=True)
    far = networks.create(
        super_network(id="far", prefixes=cidrs("10.240.0.0/16"), default_child_prefix_length={IPV4: 22})
    )
    with pytest.raises(errors.Overlap):
        networks.create(child(parent=far, project=project, vrf=web.network.vrf_id, vrf_shared=True))


def test_external_network_that_its_firewall_joins_counts_as_the_same_vrf(
    web: Cluster, internet: Network, underlay: Network, partition: Partition, second: Network
) -> None:
    for network in (web.network, second):
        joined = [Attachment(network=network), Attachment(network=internet)]
        machines.allocate(project=web.project, partition=partition, networks=joined, role="firewall")
    with pytest.raises(errors.Overlap):
        networks.add_prefix(internet, *cidrs("10.240.0.0/24"))
    taken: Any = families("203.0.113.128/26", "fd00:10:240::/52")
    with pytest.raises(errors.Overlap):
        lifecycle.create(
            worked_example(
                name="b", project=web.project, network=second, pods=taken, node_mask={IPV4: 28, IPV6: 64}, max_pods=14
            )
        )


def test_firewall_joins_no_external_network_that_has_a_range_of_the_cluster(
    web: Cluster, internet: Network, partition: Partition
) -> None:
    networks.create(external(id="other", vrf=7, prefixes=cidrs("10.240.0.0/24"), destination_prefixes=[]))
    other = Network.objects.get(pk="other")
    asked: Any = {"project": web.project, "partition": partition, "role": "firewall"}
    beyond = [Attachment(network=one) for one in (web.network, internet, other)]
    with pytest.raises(errors.Overlap, match="the pods of cluster web, and this firewall") as refusal:
        machines.allocate(networks=beyond, **asked)
    assert (refusal.value.field, other.addresses.count()) == ("networks", 0)
    machines.allocate(networks=beyond[:2], **asked)
    lifecycle.update(web, description="as it was")


def test_ipv6_ranges_keep_apart_from_the_seeds(web: Cluster, second: Network) -> None:
    asked: Any = {"name": "b", "project": web.project, "network": second, "seed": web}
    with pytest.raises(errors.Invalid, match="is no seed"):
        lifecycle.create(worked_example(**asked))
    asked["seed"] = lifecycle.update(web, is_seed=True)
    with pytest.raises(errors.Several) as refusal:
        lifecycle.create(worked_example(**asked))
    assert [(error.code, error.field) for error in refusal.value.errors] == [
        ("overlap", "pods"),
        ("overlap", "services"),
    ]
    apart: Any = {"pods": families("10.240.0.0/13", "fd77::/52"), "services": families("10.248.0.0/18", "fd78::/112")}
    made = lifecycle.create(worked_example(**asked, **apart))
    assert made.seed_id == web.pk
    Cluster.objects.filter(pk=web.pk).update(state="released")
    with pytest.raises(errors.InUse):
        lifecycle.delete(web)
