"""What comes out: each document is read again, and says what the plan says."""

from typing import Any

import pytest
import yaml

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import lifecycle, planning
from ipam.domain.clusters.manifests import catalogue
from ipam.domain.networks import addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, Network, Partition, Project
from tests.builders import IPV4, IPV6, families, worked_example
from tests.shared import shared_fixture

ORDERS = [(IPV4,), (IPV6,), (IPV4, IPV6), (IPV6, IPV4)]
PODS = {IPV4: "10.240.0.0/13", IPV6: "fd00:10:240::/52"}
SERVICES = {IPV4: "10.248.0.0/18", IPV6: "fd00:10:248::/112"}
NODES = {IPV4: "10.0.0.0/22", IPV6: "2001:db8:0:10::/96"}
MASKS = {IPV4: 23, IPV6: 64}
Order = tuple[Family, ...]


def plan(network: Network, order: Order = (IPV4, IPV6), **changes: Any) -> Cluster:
    """The worked example in these families, reserved."""
    example = worked_example(project=network.project, network=network)
    kept = {
        name: {family: getattr(example, name)[family] for family in order} for name in ("pods", "services", "node_mask")
    }
    asked = worked_example(project=network.project, network=network, families=order, **{**kept, **changes})
    return lifecycle.create(asked, reserve=True)


def documents(cluster: Cluster, **options: Any) -> list[catalogue.Document]:
    return catalogue.documents(cluster, planning.plan(cluster), **options)


def text(cluster: Cluster, kind: str, **options: Any) -> str:
    (document,) = documents(cluster, kind=kind, **options)
    assert document.refusal == ""
    return document.text


def read(cluster: Cluster, kind: str, **options: Any) -> list[Any]:
    return list(yaml.safe_load_all(text(cluster, kind, **options)))


def each(values: dict[Family, Any], order: Order) -> list[Any]:
    return [values[family] for family in order]


@pytest.mark.parametrize("order", ORDERS)
def test_shoot_has_one_cidr_of_each_kind_of_the_primary_family(order: Order, private: Network) -> None:
    shoot, *_ = read(plan(private, order), "gardener")
    networking = shoot["spec"]["networking"]
    assert (shoot["apiVersion"], shoot["kind"]) == ("core.gardener.cloud/v1beta1", "Shoot")
    assert networking["ipFamilies"] == [family.label for family in order]
    assert [networking[name] for name in ("nodes", "pods", "services")] == [
        ranges[order[0]] for ranges in (NODES, PODS, SERVICES)
    ]
    assert networking["type"] == "calico"
    config = networking["providerConfig"]
    assert (config["backend"], config["ipam"], config["overlay"]) == (
        "none",
        {"type": "host-local"},
        {"enabled": False},
    )
    assert config.get("typha") == ({"enabled": False} if len(order) > 1 else None)


@pytest.mark.parametrize(
    ("order", "masks"),
    [
        ((IPV4,), {"nodeCIDRMaskSize": 23}),
        ((IPV6,), {"nodeCIDRMaskSize": 64}),
        ((IPV4, IPV6), {"nodeCIDRMaskSize": 23, "nodeCIDRMaskSizeIPv6": 64}),
        ((IPV6, IPV4), {"nodeCIDRMaskSize": 23, "nodeCIDRMaskSizeIPv6": 64}),
    ],
)
def test_shoot_names_its_node_masks_as_gardener_reads_them(
    order: Order, masks: dict[str, int], private: Network
) -> None:
    shoot, *_ = read(plan(private, order), "gardener")
    kubernetes = shoot["spec"]["kubernetes"]
    assert kubernetes["kubeControllerManager"] == masks
    assert (kubernetes["kubelet"], kubernetes["version"]) == ({"maxPods": 250}, "1.33")


@pytest.mark.parametrize("order", ORDERS)
def test_second_family_of_a_shoot_is_in_a_second_document(order: Order, private: Network) -> None:
    _, *more = read(plan(private, order), "gardener")
    status = {"nodes": each(NODES, order), "pods": each(PODS, order), "services": each(SERVICES, order)}
    assert [one["status"]["networking"] for one in more] == ([status] if len(order) > 1 else [])


def test_shoot_knows_its_place_and_where_its_firewalls_lead(
    private: Network, internet: Network, underlay: Network, project: Project, partition: Partition
) -> None:
    joined = [Attachment(network=internet), Attachment(network=private)]
    machines.allocate(project=project, partition=partition, role="firewall", networks=joined)
    config = read(plan(private), "gardener")[0]["spec"]["provider"]["infrastructureConfig"]
    assert (config["partitionID"], config["projectID"]) == ("mini-lab", str(project.pk))
    assert config["firewall"]["networks"] == ["internet"]


@pytest.mark.parametrize("order", ORDERS)
def test_kubeadm_has_both_families_in_order(order: Order, private: Network) -> None:
    cluster, init, kubelet = read(plan(private, order), "kubeadm")
    assert cluster["networking"] == {
        "podSubnet": ",".join(each(PODS, order)),
        "serviceSubnet": ",".join(each(SERVICES, order)),
    }
    assert cluster["controllerManager"]["extraArgs"] == [
        {"name": f"node-cidr-mask-size-{family.key}", "value": str(MASKS[family])} for family in order
    ]
    assert init["localAPIEndpoint"] == {"advertiseAddress": f"<{order[0].label}-address-of-this-node>"}
    node_ip = ",".join(f"<{family.label}-address-of-this-node>" for family in order)
    assert init["nodeRegistration"]["kubeletExtraArgs"] == [{"name": "node-ip", "value": node_ip}]
    assert kubelet["maxPods"] == 250


@pytest.mark.parametrize(("version", "expected"), [("1.33", "stable-1.33"), ("1.34.2", "v1.34.2")])
def test_kubeadm_takes_the_version_of_the_plan(version: str, expected: str, private: Network) -> None:
    cluster, *_ = read(plan(private, kubernetes_version=version), "kubeadm")
    assert cluster["kubernetesVersion"] == expected


@pytest.mark.parametrize("order", ORDERS)
def test_flags_of_the_controller_manager_name_each_mask_by_its_family(order: Order, private: Network) -> None:
    lines = text(plan(private, order), "controller-manager").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={','.join(each(PODS, order))}",
        f"--service-cluster-ip-range={','.join(each(SERVICES, order))}",
        *(f"--node-cidr-mask-size-{family.key}={MASKS[family]}" for family in order),
    ]


@pytest.mark.parametrize("order", ORDERS)
def test_cluster_api_has_a_cluster_and_a_pool_of_each_family(order: Order, private: Network) -> None:
    cluster, *pools = read(plan(private, order), "cluster-api")
    assert cluster["spec"]["clusterNetwork"] == {
        "pods": {"cidrBlocks": each(PODS, order)},
        "services": {"cidrBlocks": each(SERVICES, order)},
    }
    lengths = {IPV4: 22, IPV6: 96}
    assert [(pool["metadata"]["name"], pool["spec"]) for pool in pools] == [
        (f"web-{family.key}", {"addresses": [NODES[family]], "prefix": lengths[family]}) for family in order
    ]


@pytest.mark.parametrize("order", ORDERS)
def test_calico_has_a_pool_of_each_family(order: Order, private: Network) -> None:
    pools = read(plan(private, order), "calico")
    sizes = {IPV4: 26, IPV6: 122}
    assert [(pool["spec"]["cidr"], pool["spec"]["blockSize"]) for pool in pools] == [
        (PODS[family], sizes[family]) for family in order
    ]
    assert {(pool["spec"]["ipipMode"], pool["spec"]["vxlanMode"]) for pool in pools} == {("Never", "Never")}


@shared_fixture
def static(internet: Network, project: Project, stranger: Project) -> None:
    """A static pair of Alice's on the internet, and what is none of her load balancers' business."""
    addresses.allocate(internet, project=project, type="static")
    addresses.allocate(internet, project=project)
    addresses.allocate(internet, project=stranger, type="static")


@pytest.mark.parametrize(
    ("order", "held"),
    [
        ((IPV4, IPV6), ["203.0.113.129/32", "2001:db8:0:113::1/128"]),
        ((IPV6,), ["2001:db8:0:113::1/128"]),
    ],
)
def test_load_balancers_have_both_families_in_one_pool(
    order: Order, held: list[str], static: None, private: Network
) -> None:
    cluster = plan(private, order)
    (metallb,), (cilium,) = read(cluster, "metallb"), read(cluster, "cilium")
    assert (metallb["kind"], metallb["spec"]) == ("IPAddressPool", {"addresses": held})
    assert (cilium["kind"], cilium["spec"]) == ("CiliumLoadBalancerIPPool", {"blocks": [{"cidr": one} for one in held]})


def test_load_balancers_get_addresses_beside_each_other_as_blocks(
    internet: Network, private: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, type="static", count=7)
    (pool,) = read(plan(private), "metallb")
    assert pool["spec"]["addresses"] == [
        *("203.0.113.129/32", "203.0.113.130/31", "203.0.113.132/30"),
        *("2001:db8:0:113::1/128", "2001:db8:0:113::2/127", "2001:db8:0:113::4/126"),
    ]


def test_load_balancers_get_the_addresses_of_one_network(static: None, private: Network) -> None:
    (pool,) = read(plan(private), "metallb", pool="elsewhere")
    assert pool["spec"] == {"addresses": ["<address>/32"]}


def test_every_document_says_what_it_was_checked_against(private: Network) -> None:
    found = documents(plan(private))
    assert [one.kind for one in found] == list(catalogue.KINDS)
    for one in found:
        title, checked, *_ = one.text.splitlines()
        assert (title, checked) == (
            f"# {one.label}: web",
            f"# Checked against the rules of {catalogue.KINDS[one.kind].checked}.",
        )


def test_document_of_a_draft_says_that_nothing_is_reserved(private: Network, project: Project) -> None:
    draft = lifecycle.create(worked_example(project=project, network=private))
    assert "# Its ranges are not reserved: others may take them." in text(draft, "calico").splitlines()


def test_platform_that_would_refuse_the_plan_says_so_instead(private: Network) -> None:
    large = {"services": {**families(SERVICES[IPV4]), **families("fd00:20::/64")}, "kubernetes_version": "1.34"}
    cluster = plan(private, **large)
    refused = {one.kind for one in documents(cluster) if one.refusal and not one.text}
    assert refused == {"kubeadm", "cluster-api"}


def test_unknown_kind_is_refused_with_the_known_ones(private: Network) -> None:
    with pytest.raises(errors.Invalid, match="gardener, kubeadm"):
        documents(plan(private), kind="nomad")
