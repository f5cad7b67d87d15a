"""What comes out: each document is read again, and says what the plan says."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import belongings, lifecycle, planning, service_ranges
from ipam.domain.clusters.manifests import catalogue, kubeadm, names_and_services, subject, yaml_text
from ipam.domain.clusters.plan import plan_of
from ipam.domain.networks import addresses, claims, machines, networks, prefixes
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, Machine, Network, Partition, Project
from tests.builders import IPV4, IPV6, child, families, ip, worked_example
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
    return catalogue.documents(cluster, plan_of(cluster), **options)


def text(cluster: Cluster, kind: str, **options: Any) -> str:
    (document,) = documents(cluster, kind=kind, **options)
    assert document.refusal == ""
    return document.text


def refusal(cluster: Cluster, kind: str, **options: Any) -> str:
    (document,) = documents(cluster, kind=kind, **options)
    assert document.text == ""
    return document.refusal


def again(cluster: Cluster) -> Cluster:
    """The cluster as it is stored by now."""
    return planning.get(cluster.pk)


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
    assert config.get("ipv6") == ({"sourceNATEnabled": True} if IPV6 in order else None)


def test_shoot_has_its_tenant_its_garden_and_numbers_for_its_workers(private: Network) -> None:
    shoot, *_ = read(plan(private, gardener_project="alice", gardener_version="1.150.0", max_surge=3), "gardener")
    metadata, (workers,) = shoot["metadata"], shoot["spec"]["provider"]["workers"]
    assert metadata["annotations"] == {"cluster.metal-stack.io/tenant": "<tenant>"}
    assert metadata["namespace"] == "garden-alice"
    assert (workers["minimum"], workers["maximum"], workers["maxSurge"]) == (1, 1018, 3)


@pytest.mark.parametrize("ipam", ["host-local", "calico-ipam"])
def test_shoot_gives_pods_addresses_as_the_plan_says(ipam: str, private: Network) -> None:
    shoot, *_ = read(plan(private, ipam=ipam), "gardener")
    assert shoot["spec"]["networking"]["providerConfig"]["ipam"] == {"type": ipam}


def test_node_network_is_told_to_metal_api_with_both_prefixes(private: Network) -> None:
    (network,) = read(plan(private), "metal-network")
    assert network == {
        "id": private.pk,
        "name": private.pk,
        "parentnetworkid": "tenants",
        "projectid": str(private.project_id),
        "partitionid": "mini-lab",
        "prefixes": each(NODES, (IPV4, IPV6)),
        "destinationprefixes": [],
        "networktype": "child",
        "privatesuper": False,
        "underlay": False,
        "nat": False,
        "nattype": "none",
    }


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
    assert (kubernetes["kubelet"], kubernetes["version"]) == ({"maxPods": 250}, "1.35")


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
    assert init["localAPIEndpoint"] == {
        "advertiseAddress": f"<{order[0].label}-address-of-this-node>",
        "bindPort": 6443,
    }
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


def test_kubeadm_before_1_31_takes_arguments_as_a_map(private: Network) -> None:
    cluster, init, _ = read(plan(private, kubernetes_version="1.30"), "kubeadm")
    assert {cluster["apiVersion"], init["apiVersion"]} == {"kubeadm.k8s.io/v1beta3"}
    assert cluster["controllerManager"]["extraArgs"] == {
        "node-cidr-mask-size-ipv4": "23",
        "node-cidr-mask-size-ipv6": "64",
    }


def test_machines_join_with_their_addresses_of_all_families(
    private: Network, internet: Network, project: Project, partition: Partition
) -> None:
    cluster = plan(private)
    assert "Allocate machines" in refusal(cluster, "kubeadm-join")
    joined = [Attachment(network=private), Attachment(network=internet)]
    made = [
        machines.allocate(project=project, partition=partition, hostname=name, networks=joined) for name in ("a1", "b2")
    ]
    found = [one["nodeRegistration"] for one in read(cluster, "kubeadm-join")]
    node_ips = {one["name"]: one["kubeletExtraArgs"] for one in found}
    assert node_ips == {
        "a1": [{"name": "node-ip", "value": "10.0.0.1,2001:db8:0:10::1"}],
        "b2": [{"name": "node-ip", "value": "10.0.0.2,2001:db8:0:10::2"}],
    }
    (one,) = read(cluster, "kubeadm-join", machine=made[1].pk)
    assert (one["kind"], one["nodeRegistration"]["name"]) == ("JoinConfiguration", "b2")


def test_machine_of_another_network_is_no_node(private: Network, machine: Machine, stranger: Project) -> None:
    cluster = plan(private)
    assert len(read(cluster, "kubeadm-join", machine=machine.pk)) == 1
    with pytest.raises(errors.NotFound):
        documents(cluster, kind="kubeadm-join", machine="nobody")


@pytest.mark.parametrize("kind", ["kubeadm", "kubeadm-join"])
def test_what_can_be_no_node_of_the_cluster_has_no_document(
    kind: str, tenants: Network, internet: Network, partition: Partition, project: Project, stranger: Project
) -> None:
    shared = networks.create(child(parent=tenants, project=project, type="child-shared"))
    cluster = plan(shared)
    joined = {"partition": partition, "networks": [Attachment(network=shared), Attachment(network=internet)]}
    foreign = machines.allocate(project=stranger, **joined)
    firewall = machines.allocate(project=project, role=Machine.Role.FIREWALL, **joined)
    for one in (foreign, firewall):
        with pytest.raises(errors.NotFound, match="is no node of web"):
            documents(cluster, kind=kind, machine=one.pk)


def test_machines_that_are_too_many_for_a_document_are_told(
    private: Network, project: Project, partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (subject, kubeadm):
        monkeypatch.setattr(module, "MAX_MACHINES", 2)
    cluster = plan(private)
    for number in range(3):
        assert "left out" not in (text(cluster, "kubeadm-join") if number else "")
        machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    assert "# The first 2 machines by their ids; 1 more are left out." in text(cluster, "kubeadm-join")
    assert len(read(cluster, "kubeadm-join")) == 2


def test_kubeadm_names_the_api_server_by_its_own_address(private: Network, internet: Network) -> None:
    cluster = plan(private, order=(IPV6,))
    belongings.take_for_api(cluster, internet)
    kubeadm, *_ = read(again(cluster), "kubeadm")
    assert kubeadm["controlPlaneEndpoint"] == "[2001:db8:0:113::1]:6443"


@pytest.mark.parametrize("order", ORDERS)
def test_cluster_api_has_all_that_a_cluster_of_metal_stack_is_made_of(order: Order, private: Network) -> None:
    cluster, infrastructure, control_plane, template = read(plan(private, order), "cluster-api")
    assert cluster["apiVersion"] == "cluster.x-k8s.io/v1beta2"
    assert cluster["spec"]["clusterNetwork"] == {
        "pods": {"cidrBlocks": each(PODS, order)},
        "services": {"cidrBlocks": each(SERVICES, order)},
    }
    assert infrastructure["spec"] == {
        "projectID": str(private.project_id),
        "partition": "mini-lab",
        "nodeNetworkID": private.pk,
    }
    spec = control_plane["spec"]
    assert spec["kubeadmConfigSpec"]["clusterConfiguration"]["controllerManager"]["extraArgs"] == [
        {"name": f"node-cidr-mask-size-{family.key}", "value": str(MASKS[family])} for family in order
    ]
    assert spec["version"] == "v1.35.0"
    assert spec["machineTemplate"]["spec"]["infrastructureRef"]["name"] == template["metadata"]["name"]


@pytest.mark.parametrize("order", ORDERS)
def test_api_server_is_reached_by_what_the_cluster_owns(order: Order, private: Network, internet: Network) -> None:
    cluster = plan(private, order, platform="kubeadm")
    belongings.take_for_api(cluster, internet)
    own = each({IPV4: "203.0.113.129", IPV6: "2001:db8:0:113::1"}, order)
    endpoint = {"host": own[0], "port": 6443}
    made, infrastructure, control_plane, *_ = read(again(cluster), "cluster-api")
    spec = infrastructure["spec"]
    assert (spec["controlPlaneIP"], spec["controlPlaneEndpoint"]) == (own[0], endpoint)
    assert made["spec"]["controlPlaneEndpoint"] == endpoint
    said = control_plane["spec"]["kubeadmConfigSpec"]["clusterConfiguration"], read(again(cluster), "kubeadm")[0]
    assert [one["apiServer"] for one in said] == [{"certSANs": own}] * 2


def test_pools_of_nodes_leave_out_what_is_held_and_the_gateway(private: Network, project: Project) -> None:
    cluster = plan(private, platform="kubeadm")
    prefixes.update(private.prefixes.get(family=4), gateway=ip("10.0.0.1"))
    addresses.allocate(private, project=project, count=2)
    *_, ipv4, ipv6 = read(again(cluster), "cluster-api")
    assert ipv4["spec"] == {
        "addresses": ["10.0.0.0/22"],
        "prefix": 22,
        "excludedAddresses": ["10.0.0.1", "10.0.0.2/31"],
        "gateway": "10.0.0.1",
    }
    assert ipv6["spec"]["excludedAddresses"] == ["2001:db8:0:10::1", "2001:db8:0:10::2"]


@pytest.mark.parametrize("order", ORDERS)
def test_calico_has_a_pool_of_each_family(order: Order, private: Network) -> None:
    (installation,) = read(plan(private, order, platform="kubeadm"), "calico")
    pools = installation["spec"]["calicoNetwork"]["ipPools"]
    sizes = {IPV4: 26, IPV6: 122}
    assert [(pool["cidr"], pool["blockSize"]) for pool in pools] == [(PODS[family], sizes[family]) for family in order]
    assert {(pool["encapsulation"], pool["natOutgoing"]) for pool in pools} == {("None", "Enabled")}


def test_pools_that_are_smaller_than_a_block_have_smaller_blocks(private: Network) -> None:
    small = {"pods": {**families("10.240.0.0/27"), **families("fd00:10:240::/124")}, "node_mask": {IPV4: 27, IPV6: 124}}
    cluster = plan(private, platform="kubeadm", max_pods=10, **small)
    (installation,) = read(cluster, "calico")
    assert [pool["blockSize"] for pool in installation["spec"]["calicoNetwork"]["ipPools"]] == [27, 124]


@shared_fixture
def static(internet: Network, project: Project, stranger: Project) -> None:
    """Static addresses that are none of the load balancers' business: Alice's, a claim's, a stranger's."""
    addresses.allocate(internet, project=project, type="static")
    claims.claim(internet, project=project, name="vip")
    addresses.allocate(internet, project=stranger, type="static")


@pytest.mark.parametrize(
    ("order", "held"),
    [
        ((IPV4, IPV6), ["203.0.113.132/32", "2001:db8:0:113::4/128"]),
        ((IPV6,), ["2001:db8:0:113::4/128"]),
    ],
)
def test_load_balancers_have_what_the_cluster_owns_in_one_pool(
    order: Order, held: list[str], static: None, private: Network, internet: Network
) -> None:
    cluster = plan(private, order, platform="kubeadm")
    assert "owns no addresses" in refusal(cluster, "metallb")
    belongings.take_for_load_balancers(cluster, internet)
    (pool, advertisement, service), (cilium, _) = read(cluster, "metallb"), read(cluster, "cilium")
    assert (pool["kind"], pool["spec"]) == ("IPAddressPool", {"addresses": held, "autoAssign": True})
    assert (advertisement["kind"], advertisement["spec"]) == ("BGPAdvertisement", {"ipAddressPools": ["web"]})
    policy = "RequireDualStack" if len(order) > 1 else "SingleStack"
    assert (service["spec"]["type"], service["spec"]["ipFamilyPolicy"]) == ("LoadBalancer", policy)
    assert (cilium["apiVersion"], cilium["spec"]["blocks"]) == ("cilium.io/v2", [{"cidr": one} for one in held])


def test_load_balancers_get_addresses_beside_each_other_as_blocks(internet: Network, private: Network) -> None:
    cluster = plan(private, platform="kubeadm")
    belongings.take_for_load_balancers(cluster, internet, count=7)
    pool, *_ = read(cluster, "metallb")
    assert pool["spec"]["addresses"] == [
        *("203.0.113.129/32", "203.0.113.130/31", "203.0.113.132/30"),
        *("2001:db8:0:113::1/128", "2001:db8:0:113::2/127", "2001:db8:0:113::4/126"),
    ]
    assert "owns no addresses" in refusal(cluster, "metallb", pool="elsewhere")


def test_metal_stack_has_services_with_their_address_and_no_pools(internet: Network, private: Network) -> None:
    cluster = plan(private)
    belongings.take_for_load_balancers(cluster, internet)
    assert {one.kind for one in documents(cluster) if "deletes what is not its own" in one.refusal} == {
        *("metallb", "cilium", "calico")
    }
    *_, service = read(cluster, "gardener", pool="internet")
    assert (service["kind"], service["spec"]["loadBalancerIP"]) == ("Service", "203.0.113.129")
    assert service["metadata"]["annotations"] == {"metallb.universe.tf/address-pool": "internet"}


def test_claims_have_names_for_external_dns(private: Network, internet: Network, project: Project) -> None:
    cluster = plan(private)
    assert "claimed no addresses" in refusal(cluster, "external-dns")
    claims.claim(internet, project=project, name="shop.example.org")
    claims.claim(internet, project=project, name="prod/vip", families=[IPV6])
    (endpoint,) = read(cluster, "external-dns")
    assert [(one["dnsName"], one["recordType"], one["targets"]) for one in endpoint["spec"]["endpoints"]] == [
        ("prod-vip.internal", "AAAA", ["2001:db8:0:113::2"]),
        ("shop.example.org", "A", ["203.0.113.129"]),
        ("shop.example.org", "AAAA", ["2001:db8:0:113::1"]),
    ]


def test_names_that_are_cut_stay_apart(private: Network, internet: Network, project: Project) -> None:
    cluster = plan(private)
    for name in (f"{'n' * 63}/{'m' * 253}", f"{'n' * 63}/{'m' * 252}l", "n" * 70, "n" * 71):
        claims.claim(internet, project=project, name=name, families=[IPV4])
    (endpoint,) = read(cluster, "external-dns")
    found = [(one["dnsName"], len(one["targets"])) for one in endpoint["spec"]["endpoints"]]
    assert (len(dict(found)), {count for _, count in found}) == (4, {1})
    assert all(len(name.partition(".")[0]) <= 63 for name, _ in found)


def test_name_of_another_claim_is_left_out_and_told(private: Network, internet: Network, project: Project) -> None:
    cluster = plan(private)
    for name in ("prod-vip", "prod/vip", f"{'a.' * 130}b"):
        claims.claim(internet, project=project, name=name, families=[IPV4])
    (endpoint,) = read(cluster, "external-dns")
    assert [(one["dnsName"], one["targets"]) for one in endpoint["spec"]["endpoints"]] == [
        ("prod-vip.internal", ["203.0.113.129"])
    ]
    written = text(cluster, "external-dns")
    taken = "whose name “prod/vip” is written prod-vip.internal. as “prod-vip” is"
    assert f"# left out: 203.0.113.130, {taken}\n" in written
    assert "# left out: 203.0.113.131, whose name “a.a." in written


def test_name_that_is_claimed_of_two_networks_has_both_addresses(
    private: Network, internet: Network, project: Project
) -> None:
    for network in (internet, private):
        claims.claim(network, project=project, name="vip", families=[IPV4])
    (endpoint,) = read(plan(private), "external-dns")
    assert [one["targets"] for one in endpoint["spec"]["endpoints"]] == [["10.0.0.1", "203.0.113.129"]]


def test_claims_that_are_too_many_for_a_document_are_told(
    private: Network, internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (subject, names_and_services):
        monkeypatch.setattr(module, "MAX_CLAIMS", 2)
    for name in "abc":
        claims.claim(internet, project=project, name=name, families=[IPV4])
    written = text(plan(private), "external-dns")
    assert "# The first 2 claims by their names; 1 more are left out.\n" in written
    assert ("b.internal" in written, "c.internal" in written) == (True, False)


def test_further_services_are_objects_of_their_own(private: Network) -> None:
    cluster = plan(private, platform="kubeadm", kubernetes_version="1.36")
    assert "no further ranges" in refusal(cluster, "service-cidr")
    service_ranges.add(cluster, families("10.249.0.0/20"))
    (found,) = read(again(cluster), "service-cidr")
    assert (found["apiVersion"], found["kind"], found["spec"]) == (
        "networking.k8s.io/v1",
        "ServiceCIDR",
        {"cidrs": ["10.249.0.0/20"]},
    )


def test_every_document_says_of_which_plan_it_is_and_what_it_was_checked_against(private: Network) -> None:
    found = documents(plan(private, kubernetes_version="1.36.1", gardener_version="1.150.0"))
    assert [one.kind for one in found] == list(catalogue.KINDS)
    for one in found:
        if not one.refusal:
            assert one.text.splitlines()[:3] == [
                f"# {one.label}: web",
                "# Of the plan: Kubernetes 1.36.1, Gardener 1.150.0.",
                f"# Checked against the schemas of {catalogue.KINDS[one.kind].checked}.",
            ]


def test_document_of_a_draft_says_that_nothing_is_reserved(private: Network, project: Project) -> None:
    draft = lifecycle.create(worked_example(project=project, network=private))
    assert "# Its ranges are not reserved: others may take them." in text(draft, "gardener").splitlines()


def test_platform_that_would_refuse_the_plan_says_so_instead(private: Network) -> None:
    large = {"services": {**families(SERVICES[IPV4]), **families("fd00:20::/64")}, "kubernetes_version": "1.34"}
    cluster = plan(private, **large)
    refused = {one.kind for one in documents(cluster) if "kubeadm" in one.refusal and not one.text}
    assert refused == {"kubeadm", "kubeadm-join", "cluster-api"}


def test_unknown_kind_is_refused_with_the_known_ones(private: Network) -> None:
    with pytest.raises(errors.Invalid, match="gardener, kubeadm"):
        documents(plan(private), kind="nomad")


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none() | st.lists(st.text())))
def test_whatever_is_written_is_read_as_the_same(document: dict[str, Any]) -> None:
    assert list(yaml.safe_load_all(yaml_text.written([document, document]))) == [document, document]


@pytest.mark.parametrize("text", ["y", "N", "yes", "Off", "null", "1:30", "0:30", "1e3", "0o17", "0899", "1,000", "~"])
def test_text_that_some_reader_takes_for_something_else_is_quoted(text: str) -> None:
    (key, value), (_, typed) = (line.split(": ") for line in yaml_text.written([{text: text, "a": 5}]).splitlines())
    assert {key[0], key[-1], value[0], value[-1]} <= set("'\"")
    assert typed == "5"
