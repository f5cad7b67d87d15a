"""From one family to two with a cluster that runs, and back."""

import shlex

import pytest

from ipam import errors
from ipam.domain.clusters import lifecycle, migration, migration_steps, planning
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import children, completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, Network, Partition, Project
from tests.builders import IPV4, IPV6, child, cidrs, codes
from tests.builders import families as per_family
from tests.shared import shared_fixture

DUAL = (IPV4, IPV6)


@shared_fixture
def narrow(tenants: Network, project: Project, partition: Partition) -> Network:
    """A private network of Alice with IPv4 only, and two machines in it."""
    network = networks.create(child(parent=tenants, project=project, address_family=[IPV4]))
    for _ in range(2):
        machines.allocate(project=project, partition=partition, networks=[Attachment(network=network)])
    return network


@shared_fixture
def running(narrow: Network, project: Project) -> Cluster:
    """Alice's cluster with IPv4 only."""
    return lifecycle.create(NewCluster(name="web", project=project, network=narrow), reserve=True)


def unmet(cluster: Cluster) -> list[str]:
    found = migration.readiness(cluster)
    return [one.code for one in found.preconditions if not one.is_met]


def test_cluster_gains_ipv6_step_by_step(running: Cluster, narrow: Network) -> None:
    assert unmet(running) == ["network_has_both", "machines_have_both", "nodes_roll"]
    children.add_family(narrow, IPV6)
    running = planning.lock(running)
    assert unmet(running) == ["machines_have_both", "nodes_roll"]
    completion.complete(narrow, IPV6, limit=1)
    found = migration.readiness(running)
    assert (found.machines, found.machines_ready) == (2, 1)
    completion.complete(narrow, IPV6)
    assert unmet(running) == ["nodes_roll"]

    dual = migration.change(running, DUAL, roll_nodes=True)
    assert (dual.families, dual.state) == ("ipv4,ipv6", "reserved")
    assert (dual.pods[IPV4], dual.services[IPV4]) == (running.pods[IPV4], running.services[IPV4])
    assert dual.node_mask == {IPV4: 24, IPV6: 64}
    assert dual.ranges.filter(reserved_in="tenants", family=6).count() == 2


def test_each_machine_says_which_families_it_has(running: Cluster, narrow: Network) -> None:
    children.add_family(narrow, IPV6)
    completion.complete(narrow, IPV6, limit=1)
    found = [(one.has_ipv4, one.has_ipv6) for one in migration.nodes_of(running)]
    assert sorted(found) == [(True, False), (True, True)]


def test_what_is_missing_is_refused_together(running: Cluster) -> None:
    with pytest.raises(errors.Several) as refusal:
        migration.change(running, DUAL)
    assert codes(refusal.value) == ["migration_not_ready"] * 3
    assert planning.lock(running).families == "ipv4"


def test_overlay_is_in_the_way(running: Cluster) -> None:
    Cluster.objects.update(native_routing=False)
    assert "native_routing" in unmet(planning.lock(running))


@shared_fixture
def dual(private: Network, project: Project) -> Cluster:
    return lifecycle.create(
        NewCluster(name="web", project=project, network=private, gardener_version="1.137.4"), reserve=True
    )


def test_cluster_goes_back_and_gives_its_ipv6_ranges_back(dual: Cluster) -> None:
    back = migration.change(dual, [IPV4], roll_nodes=True)
    assert (back.families, back.node_mask, list(back.pods)) == ("ipv4", {IPV4: 24}, [IPV4])
    assert not back.ranges.filter(family=6).exists()


def test_ranges_of_the_new_family_may_be_named(dual: Cluster) -> None:
    single = migration.change(dual, [IPV4], roll_nodes=True)
    again = migration.change(single, DUAL, roll_nodes=True, pods=per_family("fd00:7::/52"), node_mask={IPV6: 68})
    assert (again.pods[IPV6], again.node_mask[IPV6]) == (*cidrs("fd00:7::/52"), 68)


def test_ranges_of_the_family_that_was_there_stay(dual: Cluster) -> None:
    single = migration.change(dual, [IPV4], roll_nodes=True)
    with pytest.raises(errors.ClusterFrozen) as refusal:
        migration.change(single, DUAL, roll_nodes=True, pods=per_family("10.16.0.0/14"))
    assert refusal.value.field == "pods"


@pytest.mark.parametrize("wanted", [[IPV6], [IPV6, IPV4], [IPV4, IPV6]])
def test_other_steps_are_refused(wanted: list[int], dual: Cluster) -> None:
    with pytest.raises(errors.MigrationNotSupported):
        migration.change(dual, wanted, roll_nodes=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [[IPV6], [IPV6, IPV4]])
def test_cluster_with_ipv6_first_has_no_step(order: list[int], private: Network, project: Project) -> None:
    made = lifecycle.create(
        NewCluster(name="six", project=project, network=private, families=order),
        reserve=True,  # type: ignore[arg-type]
    )
    with pytest.raises(errors.MigrationNotSupported):
        migration.readiness(made)


@pytest.mark.parametrize("version", ["", "1.138", "1.150.1"])
def test_way_back_is_closed_from_gardener_1_138_on(version: str, dual: Cluster) -> None:
    lifecycle.update(dual, gardener_version=version)
    with pytest.raises(errors.MigrationNotSupported, match="never goes back"):
        migration.change(dual, [IPV4], roll_nodes=True)


def test_by_hand_the_second_family_comes_and_goes_in_overlays_too(private: Network, project: Project) -> None:
    asked = NewCluster(
        name="six", project=project, network=private, families=[IPV6, IPV4], platform="kubeadm", native_routing=False
    )
    made = lifecycle.create(asked, reserve=True)
    assert migration.change(made, [IPV6], roll_nodes=True).families == "ipv6"
    assert migration.change(made, [IPV6, IPV4], roll_nodes=True).families == "ipv6,ipv4"


def test_steps_of_a_migration_are_done_one_after_the_other(dual: Cluster) -> None:
    migration.change(dual, [IPV4], roll_nodes=True)
    current = migration.change(dual, DUAL, roll_nodes=True)
    assert [one.state for one in migration_steps.progress(current).steps] == ["current", "later", "later", "later"]
    with pytest.raises(errors.WrongState, match="change its specification"):
        migration_steps.finish(dual, "nodes")
    for step in ("spec", "nodes", "dns", "services"):
        assert planning.get(dual.pk).migration_step == step
        migration_steps.finish(dual, step)
    assert [one.state for one in migration_steps.progress(planning.get(dual.pk)).steps] == ["done"] * 4


def test_nodes_are_not_replaced_while_one_lacks_a_family(running: Cluster, narrow: Network) -> None:
    children.add_family(narrow, IPV6)
    completion.complete(narrow, IPV6)
    migration_steps.finish(migration.change(running, DUAL, roll_nodes=True), "spec")
    assert _counts(running) == (2, 2, 0)
    narrow.addresses.filter(family=6)[:1].get().delete()
    assert _counts(running) == (2, 1, 1)
    with pytest.raises(errors.MigrationNotReady, match="1 of 2 nodes"):
        migration_steps.finish(running, "nodes")


def _counts(cluster: Cluster) -> tuple[int, int, int]:
    found = migration_steps.progress(planning.get(cluster.pk))
    return found.nodes, found.nodes_ready, found.addresses_lacking


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        (
            "gardener",
            ["garden-team patch shoot web", "rollout-workers=workers", "=reconcile", "patch service"],
        ),
        ("kubeadm", ["--service-cluster-ip-range=", "--node-ip=<IPv4-address>,<IPv6-address>", "kube-dns", "service"]),
    ],
)
def test_each_step_has_its_command(platform: str, words: list[str], dual: Cluster) -> None:
    Cluster.objects.update(platform=platform, gardener_project="team", gardener_version="1.150", migration_step="spec")
    steps = migration_steps.progress(planning.get(dual.pk)).steps
    assert [word in step.command for word, step in zip(words, steps, strict=True)] == [True] * 4


def test_older_name_of_a_project_is_one_word_of_a_command(dual: Cluster) -> None:
    Cluster.objects.update(gardener_project="a; reboot", migration_step="spec")
    for step in migration_steps.progress(planning.get(dual.pk)).steps[:3]:
        words = shlex.split(step.command)
        assert [word for word in words if "reboot" in word] == ["garden-a; reboot"]


def test_families_of_a_draft_are_no_migration(private: Network, project: Project) -> None:
    draft = lifecycle.create(NewCluster(name="web", project=project, network=private, families=[IPV4]))
    with pytest.raises(errors.WrongState):
        migration.readiness(draft)
