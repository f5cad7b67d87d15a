"""A Shoot of Gardener on metal-stack, its node network for metal-api, and what the infrastructure has to report."""

from typing import Any

from ipam.addressing import Family
from ipam.domain.clusters.manifests import load_balancers, pod_pools
from ipam.domain.clusters.manifests.subject import Subject, texts
from ipam.domain.clusters.manifests.yaml_text import Document
from ipam.domain.clusters.plan import capacity
from ipam.models.networks import NatType

CHECKED = (
    "core.gardener.cloud/v1beta1 (Gardener 1.150), metal.provider.extensions.gardener.cloud/v1alpha1 (0.27), "
    "calico.networking.extensions.gardener.cloud/v1alpha1"
)
NETWORK_CHECKED = "v1.NetworkCreateRequest (metal-api 0.44)"
_PARTITION = "<partition>"


def network(subject: Subject) -> list[Document]:
    """The node network, for `metalctl network create -f`; a Shoot finds it by its nodes' range."""
    own = subject.cluster.network
    is_translated = own.nat_type == NatType.IPV4_MASQUERADE
    return [
        {
            "id": own.pk,
            "name": own.name or own.pk,
            "parentnetworkid": own.parent_id or "<super-network>",
            "projectid": str(subject.cluster.project_id),
            "partitionid": own.partition_id or _PARTITION,
            "prefixes": texts(subject.plan.nodes),
            "destinationprefixes": list(own.destination_prefixes),
            "networktype": own.type,
            "privatesuper": False,
            "underlay": False,
            "nat": is_translated,
            "nattype": "ipv4-masq" if is_translated else "none",
        }
    ]


def write(subject: Subject) -> list[Document]:
    """The Shoot; with two families what its infrastructure reports; and a service for what its load balancers own.

    metal-stack's controller deletes pools that are not its own: there a service names its address.
    """
    documents = [_shoot(subject)]
    if subject.plan.is_dual:
        documents.append(_status(subject))
    if subject.balanced:
        pool = {load_balancers.METAL_POOL: subject.pool or "<external-network>"}
        documents.append(load_balancers.service(subject, pool, str(_first(subject))))
    return documents


def _first(subject: Subject) -> object:
    """The lowest address for load balancers of the primary family, which metal-stack gives by itself."""
    return next((one for one in subject.balanced if one.version == subject.plan.primary), subject.balanced[0])


def _shoot(subject: Subject) -> Document:
    plan, cluster = subject.plan, subject.cluster
    garden = f"garden-{plan.gardener_project}" if plan.gardener_project else "<garden-namespace-of-the-project>"
    return {
        "apiVersion": "core.gardener.cloud/v1beta1",
        "kind": "Shoot",
        "metadata": {
            "name": subject.name,
            "namespace": garden,
            "annotations": {"cluster.metal-stack.io/tenant": cluster.project.tenant or "<tenant>"},
        },
        "spec": {
            "cloudProfile": {"kind": "CloudProfile", "name": "<cloud-profile>"},
            "credentialsBindingName": "<credentials-binding>",
            "region": "<region>",
            "purpose": "production",
            "kubernetes": {
                "version": plan.kubernetes_version,
                "kubeControllerManager": _masks(subject),
                "kubelet": {"maxPods": plan.max_pods},
            },
            "networking": _networking(subject),
            "provider": _provider(subject),
        },
    }


def _networking(subject: Subject) -> dict[str, Any]:
    """One CIDR each, of the primary family; the infrastructure reports those of the other."""
    plan, primary = subject.plan, subject.plan.primary
    needs_nat = Family.IPV6 in plan.families and pod_pools.leaves_by_nat(plan.pods[Family.IPV6])
    return {
        "type": "calico",
        "ipFamilies": [family.label for family in plan.families],
        "nodes": str(plan.nodes[primary]),
        "pods": str(plan.pods[primary]),
        "services": str(plan.services[primary]),
        "providerConfig": {
            "apiVersion": "calico.networking.extensions.gardener.cloud/v1alpha1",
            "kind": "NetworkConfig",
            "backend": "none",  # the fabric routes pods, calico does not
            "ipam": {"type": str(plan.ipam)},
            "overlay": {"enabled": not plan.native_routing},
            **({"ipv6": {"sourceNATEnabled": True}} if needs_nat else {}),
            **({"typha": {"enabled": False}} if plan.is_dual else {}),  # as dual-stack wants it
        },
    }


def _provider(subject: Subject) -> dict[str, Any]:
    plan = subject.plan
    most = plan.wanted_nodes or max(1, capacity(plan).nodes)
    machine = {"type": "<machine-type>", "image": {"name": "<machine-image>"}}
    firewall = {
        "image": "<firewall-image>",
        "size": "<firewall-size>",
        "networks": subject.externals or ["<external-network>"],
    }
    return {
        "type": "metal",
        "infrastructureConfig": {
            "apiVersion": "metal.provider.extensions.gardener.cloud/v1alpha1",
            "kind": "InfrastructureConfig",
            "partitionID": subject.cluster.network.partition_id or _PARTITION,
            "projectID": str(subject.cluster.project_id),
            "firewall": firewall,
        },
        "controlPlaneConfig": {
            "apiVersion": "metal.provider.extensions.gardener.cloud/v1alpha1",
            "kind": "ControlPlaneConfig",
        },
        "workers": [
            {"name": "workers", "minimum": 1, "maximum": most, "maxSurge": plan.surge, "machine": machine},
        ],
    }


def _masks(subject: Subject) -> dict[str, int]:
    """With one family, also with IPv6 alone, the field without a family is the one that counts."""
    mask = subject.plan.node_mask
    if not subject.plan.is_dual:
        return {"nodeCIDRMaskSize": mask[subject.plan.primary]}
    return {"nodeCIDRMaskSize": mask[Family.IPV4], "nodeCIDRMaskSizeIPv6": mask[Family.IPV6]}


def _status(subject: Subject) -> Document:
    """Not to be applied: the Infrastructure as its extension has to report it, as that of OpenStack does."""
    plan = subject.plan
    ranges = {"nodes": texts(plan.nodes), "pods": texts(plan.pods), "services": texts(plan.services)}
    namespace = "<technical-id-of-the-shoot>"
    return {
        "apiVersion": "extensions.gardener.cloud/v1alpha1",
        "kind": "Infrastructure",
        "metadata": {"name": subject.name, "namespace": namespace},
        "spec": {
            "type": "metal",
            "region": "<region>",
            "secretRef": {"name": "cloudprovider", "namespace": namespace},
        },
        "status": {"networking": ranges},
    }
