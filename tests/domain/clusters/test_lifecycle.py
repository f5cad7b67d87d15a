"""Cluster plans: proposed, judged, reserved, released; and what a reservation keeps others from."""

from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import lifecycle, planning, rules, service_ranges
from ipam.domain.clusters import sizing as proposals
from ipam.domain.clusters.plan import NewCluster, capacity, plan_of
from ipam.domain.networks import addresses, machines, networks, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.space import gaps
from ipam.models import Cluster, ClusterRange, LocalSpace, Network, Partition, Project
from tests.builders import (
    IPV4,
    IPV6,
    child,
    cidrs,
    codes,
    external,
    families,
    ip,
    prefixes_of,
    set_older_labels,
    super_network,
    worked_example,
)
from tests.domain import clients
from tests.domain.crowd import in_processes
from tests.shared import shared_fixture

METAL_STACK = cidrs("10.240.0.0/12", "fd00:10:240::/44")


@shared_fixture
def announcing(tenants: Network) -> Network:
    """The super network whose leaf switches let the ranges of the worked example pass."""
    return networks.update(tenants, additional_announcable_cidrs=METAL_STACK)


@shared_fixture
def web(announcing: Network, private: Network, project: Project) -> Cluster:
    """Alice's cluster, the worked example, reserved."""
    return lifecycle.create(worked_example(project=project, network=private), reserve=True)


def plan(cluster: Cluster) -> Any:
    return plan_of(cluster)


def texts(ranges: dict[Family, IPNetwork]) -> list[str]:
    return [str(cidr) for cidr in ranges.values()]


# --- the worked example ---------------------------------------------------------------------------
def test_worked_example_on_the_networks_of_the_mini_lab(web: Cluster) -> None:
    assert web.state == "reserved"
    assert texts(web.nodes) == ["10.0.0.0/22", "2001:db8:0:10::/96"]
    assert texts(web.pods) == ["10.240.0.0/13", "fd00:10:240::/52"]
    assert texts(web.services) == ["10.248.0.0/18", "fd00:10:248::/112"]
    held = capacity(plan(web))
    assert (held.nodes, held.family, held.reason, held.reserve) == (1020, IPV4, "nodes", 1)


# --- proposals ------------------------------------------------------------------------------------
def test_ranges_that_nobody_names_are_proposed_as_metal_stack_has_them(
    announcing: Network, private: Network, project: Project
) -> None:
    made = lifecycle.create(NewCluster(name="web", project=project, network=private, max_pods=250))
    assert texts(made.pods) == ["10.240.0.0/13", "fd00:10:240::/52"]
    assert texts(made.services) == ["10.248.0.0/18", "fd00:10:240:1000::/112"]
    assert made.node_mask == {IPV4: 23, IPV6: 64}


def test_ipv6_ranges_come_from_the_local_space_where_nothing_is_announced(private: Network, project: Project) -> None:
    made = lifecycle.create(NewCluster(name="web", project=project, network=private))
    local = LocalSpace.objects.get().cidr
    assert [made.pods[IPV6] in local, made.services[IPV6] in local] == [True, True]
    assert (local.prefixlen, local in IPNetwork("fd00::/8")) == (44, True)


def test_next_cluster_gets_the_next_ranges(web: Cluster, announcing: Network, project: Project) -> None:
    made = lifecycle.create(NewCluster(name="next", project=project, parent=announcing), reserve=True)
    assert texts(made.pods) == ["10.252.0.0/14", "fd00:10:240:1000::/52"]
    assert texts(made.services) == ["10.248.64.0/18", "fd00:10:248::1:0/112"]


def test_fewer_nodes_get_fewer_pods(announcing: Network, private: Network, project: Project) -> None:
    made = lifecycle.create(NewCluster(name="web", project=project, network=private, wanted_nodes=500))
    assert texts(made.pods) == ["10.240.0.0/15", "fd00:10:240::/52"]
    assert capacity(plan(made)).nodes == 511


def test_what_is_named_is_kept_and_the_rest_proposed_around_it(
    announcing: Network, private: Network, project: Project
) -> None:
    named = {"pods": families("10.248.0.0/14"), "services": families("10.240.0.0/16")}
    made = lifecycle.create(NewCluster(name="web", project=project, network=private, families=[IPV6, IPV4], **named))
    assert texts(made.pods) == ["fd00:10:240::/52", "10.248.0.0/14"]
    assert texts(made.services) == ["fd00:10:240:1000::/112", "10.240.0.0/16"]


def test_no_room_for_a_proposal_says_where_it_was_sought(web: Cluster, announcing: Network, project: Project) -> None:
    with pytest.raises(errors.Exhausted, match=r"No IPv4 /12 for pods is free in 10\.240\.0\.0/12") as refusal:
        lifecycle.create(NewCluster(name="next", project=project, parent=announcing, wanted_nodes=4000))
    assert refusal.value.field == "pods"


@given(max_pods=st.integers(1, 60_000), family=st.sampled_from(Family))
def test_proposed_mask_has_two_addresses_for_each_pod(max_pods: int, family: Family) -> None:
    mask = proposals.node_mask(family, max_pods)
    assert (1 << (family.bits - mask)) - 2 >= 2 * max_pods
    assert mask == proposals.LONGEST_MASK[family] or (1 << (family.bits - mask - 1)) - 2 < 2 * max_pods


@given(taken=st.lists(st.builds(lambda value, length: IPNetwork((value, length), 4).cidr,
                                st.integers(0x0A000000, 0x0A0000FF), st.integers(24, 32)), max_size=8),
       length=st.integers(24, 32))  # fmt: skip
def test_free_range_is_free_and_found_whenever_there_is_one(taken: list[IPNetwork], length: int) -> None:
    source = IPNetwork("10.0.0.0/24")
    found = gaps.free_range([source], taken, length)
    possible = [one for one in source.subnet(length) if not any(one in held or held in one for held in taken)]
    assert found in possible if possible else found is None


def test_without_a_wish_pods_are_as_many_as_there_is_room_for(
    web: Cluster, announcing: Network, project: Project
) -> None:
    made = lifecycle.create(NewCluster(name="next", project=project, parent=announcing, max_pods=250))
    assert (str(made.pods[IPV4]), capacity(plan(made)).nodes) == ("10.252.0.0/14", 511)


# --- the node network -----------------------------------------------------------------------------
def test_node_network_is_carved_with_the_plan(announcing: Network, partition: Partition, project: Project) -> None:
    made = lifecycle.create(NewCluster(name="web", project=project, partition=partition, wanted_nodes=500))
    assert (made.network.name, made.network.parent_id, made.network.project_id) == ("web", "tenants", project.pk)
    assert prefixes_of(made.network) == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_node_network_is_carved_as_large_as_the_nodes_need(announcing: Network, project: Project) -> None:
    made = lifecycle.create(NewCluster(name="web", project=project, parent=announcing, wanted_nodes=1500))
    assert prefixes_of(made.network) == ["10.0.0.0/21", "2001:db8:0:10::/96"]


def test_node_network_has_only_the_families_of_the_cluster(announcing: Network, project: Project) -> None:
    made = lifecycle.create(NewCluster(name="web", project=project, parent=announcing, families=[IPV4]))
    assert prefixes_of(made.network) == ["10.0.0.0/22"]


def test_refused_plan_leaves_no_node_network_behind(announcing: Network, project: Project) -> None:
    with pytest.raises(errors.ServicesTooSmall):
        lifecycle.create(NewCluster(name="web", project=project, parent=announcing, services=families("10.248.0.0/29")))
    assert not Network.objects.filter(parent=announcing).exists()


def test_nodes_are_in_a_private_network(internet: Network, project: Project) -> None:
    with pytest.raises(errors.NetworkNotUsable):
        lifecycle.create(NewCluster(name="web", project=project, network=internet))


def test_nodes_are_in_no_network_of_another_project(private: Network, stranger: Project) -> None:
    with pytest.raises(errors.WrongProject):
        lifecycle.create(NewCluster(name="web", project=stranger, network=private))


def test_node_network_has_the_families_of_the_cluster(tenants: Network, project: Project) -> None:
    narrow = networks.create(child(parent=tenants, project=project, address_family=[IPV4]))
    with pytest.raises(errors.FamilyNotInNetwork) as refusal:
        lifecycle.create(NewCluster(name="web", project=project, network=narrow, families=[IPV4, IPV6]))
    assert refusal.value.field == "families"


def test_node_network_has_one_cluster(web: Cluster, private: Network, project: Project) -> None:
    with pytest.raises(errors.NodeNetworkTaken):
        lifecycle.create(NewCluster(name="next", project=project, network=private))


def test_node_network_is_not_deleted_below_a_plan(web: Cluster, private: Network) -> None:
    with pytest.raises(errors.InUse, match="1 cluster plan stands on"):
        networks.delete(private)


# --- words ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Web"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "-web"}, "name"),
        ({"kubernetes_version": "2.0"}, "kubernetes_version"),
        ({"platform": "nomad"}, "platform"),
        ({"max_pods": 0}, "max_pods"),
        ({"max_surge": -1}, "max_surge"),
        ({"max_surge": 1001}, "max_surge"),
        ({"gardener_project": "a; reboot"}, "gardener_project"),
        ({"gardener_project": "-a"}, "gardener_project"),
        ({"wanted_nodes": 0}, "wanted_nodes"),
        ({"families": [IPV4, IPV4]}, "families"),
    ],
)
def test_words_of_a_plan_are_judged(changes: dict[str, Any], field: str, private: Network, project: Project) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        lifecycle.create(worked_example(project=project, network=private, **changes))
    assert refusal.value.field == field


def test_name_is_taken_once_per_project(web: Cluster, announcing: Network, project: Project, stranger: Project) -> None:
    with pytest.raises(errors.AlreadyExists):
        lifecycle.create(NewCluster(name="web", project=project, parent=announcing))
    assert lifecycle.create(NewCluster(name="web", project=stranger, parent=announcing))


# --- reservations ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"pods": families("10.0.64.0/18", "fd00:9::/52"), "node_mask": {}, "max_pods": 110}, "overlap", "tenants"),
        ({"pods": families("10.244.0.0/14", "fd00:9::/52"), "node_mask": {}, "max_pods": 110}, "overlap", "web"),
        ({"services": families("10.9.0.0/18", "fd00:10:240::/112"), "pods": families("10.8.0.0/16")}, "overlap", "web"),
    ],
)
def test_plan_overlaps_no_network_and_no_reserved_range(
    changes: dict[str, Any], code: str, sentence: str, web: Cluster, announcing: Network, project: Project
) -> None:
    networks.update(announcing, cluster_ranges="strict")
    with pytest.raises(errors.IpamError, match=sentence) as refusal:
        lifecycle.create(NewCluster(name="next", project=project, parent=announcing, **changes))
    assert codes(refusal.value) == [code]


@pytest.mark.parametrize("prefix", ["10.240.0.0/24", "fd00:10:248::/112", "fd00::/16"])
def test_no_network_gets_a_range_that_is_reserved_below_a_strict_super_network(
    prefix: str, web: Cluster, internet: Network, announcing: Network
) -> None:
    networks.update(announcing, cluster_ranges="strict")
    with pytest.raises(errors.Overlap, match="of cluster web"):
        networks.create(external(id="dc", vrf=9, prefixes=cidrs(prefix), destination_prefixes=[]))
    with pytest.raises(errors.Overlap, match="of cluster web"):
        networks.add_prefix(internet, *cidrs(prefix))


def test_draft_keeps_nobody_away(announcing: Network, private: Network, project: Project) -> None:
    networks.update(announcing, cluster_ranges="strict")
    draft = lifecycle.create(worked_example(project=project, network=private))
    assert networks.create(external(id="dc", vrf=9, prefixes=cidrs("10.240.0.0/24"), destination_prefixes=[]))
    with pytest.raises(errors.Overlap, match="of network dc"):
        lifecycle.reserve(draft)


def test_clusters_below_two_super_networks_may_have_equal_ranges(web: Cluster, stranger: Project) -> None:
    far = networks.create(super_network(id="far", prefixes=cidrs("10.9.0.0/16", "2001:db8:9::/64")))
    other = lifecycle.create(worked_example(project=stranger, parent=far), reserve=True)
    assert other.pods == web.pods


def test_no_two_reserved_plans_overlap(announcing: Network, project: Project) -> None:
    for number in range(12):
        wanted = NewCluster(name=f"c{number}", project=project, parent=announcing, wanted_nodes=60 + number * 5)
        lifecycle.create(wanted, reserve=True)
    held = sorted(
        [(one.first, one.last) for one in ClusterRange.objects.reserved()]
        + [(prefix.first, prefix.last) for prefix in announcing.prefixes.all()]
    )
    assert len(held) == 12 * 4 + 2
    assert all(last < first for (_, last), (first, _) in pairwise(held))
    assert all(planning.validate(cluster) == [] for cluster in Cluster.objects.with_plan())


# --- states ---------------------------------------------------------------------------------------
def test_draft_is_changed_and_judged_again(private: Network, project: Project) -> None:
    draft = lifecycle.create(NewCluster(name="web", project=project, network=private))
    changed = lifecycle.update(draft, families=[IPV6], name="six", max_pods=250)
    assert (changed.name, list(changed.pods), changed.node_mask) == ("six", [IPV6], {IPV6: 64})
    with pytest.raises(errors.TooManyPods):
        lifecycle.update(draft, families=[IPV4], node_mask={IPV4: 28}, max_pods=15)


def test_draft_with_older_labels_is_changed(private: Network, project: Project) -> None:
    draft = lifecycle.create(NewCluster(name="web", project=project, network=private))
    set_older_labels(draft, {"x" * 255: "kept"})
    assert lifecycle.update(draft, name="six").labels == {"x" * 255: "kept"}


@pytest.mark.parametrize("name", ["pods", "services", "node_mask", "families", "name", "platform", "native_routing"])
def test_reserved_cluster_keeps_its_plan(name: str, web: Cluster) -> None:
    with pytest.raises(errors.ClusterFrozen) as refusal:
        lifecycle.update(web, **{name: getattr(web, name)})
    assert refusal.value.field == name


def test_reserved_cluster_is_upgraded_and_stays_reserved(web: Cluster) -> None:
    changed = lifecycle.update(web, kubernetes_version="1.34.2", max_pods=300, labels={"env": "prod"})
    assert (changed.kubernetes_version, changed.max_pods, changed.labels) == ("1.34.2", 300, {"env": "prod"})
    assert changed.ranges.filter(reserved_in="tenants").count() == 4


def test_reserved_cluster_is_judged_when_it_changes(web: Cluster) -> None:
    with pytest.raises(errors.TooManyPods):
        lifecycle.update(web, max_pods=511)


def test_reserving_is_for_drafts_and_releasing_for_what_is_reserved(web: Cluster) -> None:
    with pytest.raises(errors.WrongState):
        lifecycle.reserve(web)
    with pytest.raises(errors.WrongState):
        lifecycle.delete(web)
    released = lifecycle.release(web)
    with pytest.raises(errors.WrongState):
        lifecycle.release(released)
    lifecycle.delete(released)
    assert not Cluster.objects.exists()


def test_released_ranges_are_proposed_again(web: Cluster, announcing: Network, project: Project) -> None:
    lifecycle.release(web)
    again = lifecycle.create(worked_example(project=project, parent=announcing), reserve=True)
    assert again.pods == web.pods


def test_cluster_is_not_released_below_its_machines(
    web: Cluster, private: Network, project: Project, partition: Partition
) -> None:
    machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    with pytest.raises(errors.HasMachines):
        lifecycle.release(web)


def test_project_is_not_deleted_above_a_plan(web: Cluster, project: Project) -> None:
    with pytest.raises(errors.InUse):
        projects.delete(project)


# --- the leaf switches ----------------------------------------------------------------------------
def test_pods_that_nobody_announces_are_announced_by_one_operation(private: Network, project: Project) -> None:
    made = lifecycle.create(worked_example(project=project, network=private))
    assert [str(cidr) for cidr in rules.unannounced(plan(made))] == ["10.240.0.0/13", "fd00:10:240::/52"]
    parent = lifecycle.announce(made)
    assert parent.additional_announcable_cidrs == ["10.240.0.0/13", "fd00:10:240::/52"]
    assert rules.unannounced(plan(planning.get(made.pk))) == []


def test_firewalls_of_the_node_network_are_no_nodes_where_nobody_counts_on_one(
    web: Cluster, private: Network, internet: Network, underlay: Network, project: Project, partition: Partition
) -> None:
    joined = [Attachment(network=internet), Attachment(network=private)]
    machines.allocate(project=project, partition=partition, role="firewall", networks=joined)
    assert capacity(plan(planning.get(web.pk))).nodes == 1020
    Cluster.objects.update(platform="kubeadm")
    assert capacity(plan(planning.get(web.pk))).nodes == 1021


def test_addresses_of_the_node_network_are_given_as_ever(web: Cluster, private: Network, project: Project) -> None:
    assert len(addresses.allocate(private, project=project)) == 2


# --- many at once ---------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_plans_of_many_at_once_never_overlap(announcing: Network, project: Project) -> None:
    carved = [networks.create(child(parent=announcing, project=project, name=str(n))).pk for n in range(12)]
    plan_some = [partial(clients.plan_clusters, carved[n::6], project.pk) for n in range(6)]
    assert in_processes(plan_some) == [["done", "done"]] * 6
    assert all(planning.validate(cluster) == [] for cluster in Cluster.objects.with_plan())


@pytest.mark.django_db(transaction=True)
def test_network_and_cluster_at_once_never_share_a_range(private: Network, internet: Network, project: Project) -> None:
    Network.objects.filter(pk=private.parent_id).update(cluster_ranges="strict")
    plan_it = partial(clients.plan_clusters, [private.pk], project.pk, pods=families("10.240.0.0/14"))
    got = in_processes([plan_it, partial(clients.add_prefix, "internet", "10.240.0.0/24")])
    assert sorted(str(one).strip("[]'") for one in got) == ["done", "overlap"]


def test_running_cluster_changes_though_a_rule_has_changed_since(web: Cluster) -> None:
    Cluster.objects.update(native_routing=False, name="web--1")
    assert lifecycle.update(web, description="it runs").description == "it runs"
    with pytest.raises(errors.TooFewNodes):
        lifecycle.update(web, wanted_nodes=1021)


def test_known_fault_of_a_running_cluster_lets_no_other_of_its_field_in(web: Cluster) -> None:
    web.ranges.filter(purpose="services", family=4).update(first=ip("10.248.0.0"), last=ip("10.248.0.7"), length=29)
    assert lifecycle.update(web, description="it runs").description == "it runs"
    with pytest.raises(errors.ServicesTooSmall):
        service_ranges.add(web, families("10.250.0.0/29"))
