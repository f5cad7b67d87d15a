"""Clusters that run are registered from their documents, and compared with them afterwards."""

import pytest

from ipam import errors
from ipam.domain.clusters import cautions, documented, lifecycle, planning
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.insight import cluster_findings
from ipam.domain.moving import cluster_documents
from ipam.domain.networks import machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, Network, Project
from tests.builders import IPV4, IPV6, child, cluster_plan
from tests.builders import families as per_family
from tests.shared import shared_fixture
from tests.shoots import DUAL_SHOOT, KUBEADM, SHOOT

WORKED = cluster_plan()


def register(text: str, network: Network, project: Project) -> Cluster:
    plan, said = cluster_documents.read(text)
    return documented.register(NewCluster(**plan, network=network, project=project), said)


@shared_fixture
def web(private: Network, project: Project) -> Cluster:
    """Alice's cluster, as kubeadm has it."""
    return register(KUBEADM, private, project)


@pytest.mark.parametrize(("text", "platform"), [(DUAL_SHOOT, "gardener"), (KUBEADM, "kubeadm")])
def test_both_kinds_of_documents_say_the_worked_example(
    text: str, platform: str, private: Network, project: Project
) -> None:
    made = register(text, private, project)
    assert (made.state, made.platform, made.families, made.name) == ("reserved", platform, "ipv4,ipv6", "web")
    assert (made.pods, made.services, made.node_mask) == (WORKED.pods, WORKED.services, WORKED.node_mask)
    assert (made.max_pods, list(documented.differences(planning.get(made.pk)))) == (250, [])


def test_shoot_of_one_family_says_its_project_and_the_version_of_gardener() -> None:
    plan, _ = cluster_documents.read(SHOOT)
    assert (plan["gardener_project"], plan["gardener_version"], plan["native_routing"]) == ("team", "1.150.2", True)
    assert (plan["families"], plan["node_mask"], list(plan["pods"])) == ((IPV4,), {IPV4: 24}, [IPV4])


def test_masks_that_a_document_leaves_out_are_kubernetes_own() -> None:
    plan, _ = cluster_documents.read(KUBEADM.split("controllerManager")[0])
    assert plan["node_mask"] == {IPV4: 24, IPV6: 64}


def test_mask_without_a_family_is_that_of_ipv4_whichever_family_is_first() -> None:
    plan, _ = cluster_documents.read(DUAL_SHOOT.replace("[IPv4, IPv6]", "[IPv6, IPv4]"))
    assert plan["node_mask"] == {IPV6: 64, IPV4: 23}


def test_services_that_a_document_leaves_out_are_kubeadms_own() -> None:
    plan, _ = cluster_documents.read('kind: ClusterConfiguration\nnetworking: {podSubnet: "10.244.3.0/16"}')
    assert (plan["families"], plan["services"], plan["pods"]) == (
        (IPV4,),
        per_family("10.96.0.0/12"),
        per_family("10.244.0.0/16"),
    )


def warned(cluster: Cluster) -> set[str]:
    return {one.code for one in cautions.of_cluster(planning.get(cluster.pk))}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("10.248.0.0/18", "10.248.0.0/29", "services_too_small"),
        ("fd00:10:248::/112", "fd00:20::/64", "services_too_large"),
        ("fd00:10:240::/52", "fd00:30::/44", "too_many_node_blocks"),
        ("maxPods: 250", "maxPods: 600", "too_many_pods"),
        ("10.240.0.0/13", "244.0.0.0/13", "range_not_usable"),
    ],
)
def test_what_runs_is_registered_though_it_breaks_a_rule_which_is_warned_of(
    old: str, new: str, code: str, private: Network, project: Project
) -> None:
    made = register(KUBEADM.replace(old, new), private, project)
    assert (made.state, code in warned(made), list(documented.differences(made))) == ("reserved", True, [])
    changed = lifecycle.update(made, description="as it is")
    assert (changed.description, code in warned(changed)) == ("as it is", True)


def test_shoot_that_gardener_would_not_take_any_more_is_registered(private: Network, project: Project) -> None:
    made = register(DUAL_SHOOT.replace("name: web", "name: my--shop"), private, project)
    assert (made.name, "invalid" in warned(made)) == ("my--shop", True)


def test_two_that_run_are_registered_with_equal_ranges_in_two_vrfs(
    web: Cluster, tenants: Network, project: Project
) -> None:
    broken = KUBEADM.replace("clusterName: web", "clusterName: b").replace("maxPods: 250", "maxPods: 600")
    other = register(broken, networks.create(child(parent=tenants, project=project)), project)
    assert (other.pods, warned(web) & warned(other)) == (
        web.pods,
        {"same_range_other_vrf", "pods_without_egress", "pods_not_announcable", "special_range"},
    )
    assert "too_many_pods" in warned(other)


def test_space_beyond_its_firewall_is_no_hindrance_to_what_runs(
    private: Network, internet: Network, underlay: Network, project: Project
) -> None:
    joined = [Attachment(network=private), Attachment(network=internet)]
    machines.allocate(project=project, partition=private.partition, networks=joined, role="firewall")
    made = register(KUBEADM.replace("10.248.0.0/18", "203.0.113.128/26"), private, project)
    assert "same_range_other_vrf" in warned(made)


def test_fault_behind_another_of_what_runs_is_no_hindrance_either(
    private: Network, internet: Network, underlay: Network, project: Project
) -> None:
    joined = [Attachment(network=private), Attachment(network=internet)]
    machines.allocate(project=project, partition=private.partition, networks=joined, role="firewall")
    made = register(KUBEADM.replace("10.248.0.0/18", "203.0.113.128/29"), private, project)
    assert "services_too_small" in warned(made)
    assert lifecycle.update(made, description="as it is").description == "as it is"


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("10.248.0.0/18", "10.0.64.0/18", errors.Overlap),
        ("10.248.0.0/18", "10.241.0.0/18", errors.RangesOverlap),
        ('-ipv4, value: "23"', '-ipv4, value: "12"', errors.NodeMaskTooShort),
        ("clusterName: web", "clusterName: Web", errors.Invalid),
    ],
)
def test_what_cannot_be_kept_is_refused_also_of_what_runs(
    old: str, new: str, refusal: type[errors.IpamError], private: Network, project: Project
) -> None:
    with pytest.raises(refusal):
        register(KUBEADM.replace(old, new), private, project)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kind: Deployment", "no Shoot"),
        ("[]", "no Shoot"),
        ("a: [", "not YAML"),
        ("a: &x 1\nb: *x\nkind: Shoot", "aliases"),
        ("kind: Shoot\nspec: 1", "no mapping"),
        ("kind: Shoot\nspec: {networking: {pods: 10.0.0.0/33}}", "cannot be read"),
        ("kind: Shoot\nspec: {networking: {ipFamilies: [IPv9]}}", "cannot be read"),
        ("kind: Shoot\nstatus: {networking: {pods: [10.0.0.0/8, 11.0.0.0/8]}}", "more than one range"),
        ("kind: Shoot\nspec: {kubernetes: {kubelet: {maxPods: many}}}", "no number"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, sentence: str) -> None:
    with pytest.raises(errors.Invalid, match=sentence):
        cluster_documents.read(text)


def test_long_document_is_not_read() -> None:
    with pytest.raises(errors.TooLarge):
        cluster_documents.read("#" * (cluster_documents.LONGEST + 1))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("clusterName: web", 'clusterName: "w\\0b"', "name"),
        ("v1.35.1", '"1.35\\0"', "kubernetes_version"),
        ("v1.35.1", "v" + "1" * 200_000, "kubernetes_version"),
        ("maxPods: 250", "maxPods: " + "9" * 4_000, "max_pods"),
        ('-ipv4, value: "23"', f'-ipv4, value: "{"9" * 4_000}"', "node_mask"),
    ],
)
def test_words_that_no_cluster_can_have_are_not_kept(old: str, new: str, field: str, web: Cluster) -> None:
    held = planning.get(web.pk).document
    with pytest.raises(errors.IpamError) as refusal:
        documented.compare(web, cluster_documents.read(KUBEADM.replace(old, new))[1])
    assert {error.field for error in refusal.value.errors} == {field}
    assert len(refusal.value.detail) < 500
    assert planning.get(web.pk).document == held


def test_project_of_gardener_is_a_name(private: Network, project: Project) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        register(SHOOT.replace("garden-team", "garden-$(reboot)"), private, project)
    assert refusal.value.field == "gardener_project"


def test_what_differs_from_the_plan_is_a_finding_until_it_does_no_more(web: Cluster) -> None:
    changed = KUBEADM.replace("10.240.0.0/13", "10.232.0.0/13").replace("maxPods: 250", "maxPods: 200")
    documented.compare(web, cluster_documents.read(changed)[1])
    assert list(documented.differences(planning.get(web.pk))) == [
        "max_pods is 200, and planned as 250",
        "pods of ipv4 is 10.232.0.0/13, and planned as 10.240.0.0/13",
    ]
    assert [one.object_name for one in differing()] == ["web"]
    documented.compare(web, cluster_documents.read(KUBEADM)[1])
    assert differing() == []


def differing() -> list[object]:
    return [one for one in cluster_findings.of_clusters() if one.code == "differs_from_document"]


def test_network_is_named(project: Project) -> None:
    with pytest.raises(errors.Required):
        documented.register(NewCluster(name="web", project=project), {})
