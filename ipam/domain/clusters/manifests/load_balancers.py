"""Pools for services of type LoadBalancer, both families in one: of the addresses that the cluster owns, no others.

Addresses beside each other are named as blocks, so a thousand of them are a few lines.
"""

from netaddr import cidr_merge

from ipam.domain.clusters.manifests.subject import Subject
from ipam.domain.clusters.manifests.yaml_text import Document

METALLB_CHECKED = "metallb.io/v1beta1 (MetalLB 0.16) and v1 (Kubernetes 1.36)"
CILIUM_CHECKED = "cilium.io/v2 (Cilium 1.18 and later) and v1 (Kubernetes 1.36)"
_NAMESPACE = "metallb-system"
METAL_POOL = "metallb.universe.tf/address-pool"  # which metal-stack's own controller reads


def no_address(subject: Subject) -> str:
    """Why there is no pool: the cluster owns no address for load balancers."""
    if subject.balanced:
        return ""
    where = f"POST /api/v1/clusters/{subject.cluster.pk}/load-balancer-addresses/"
    return f"{subject.name} owns no addresses for load balancers yet. Take some by {where}, then come again."


def write_metallb(subject: Subject) -> list[Document]:
    """A pool, how it is announced, and a service that takes an address of each family out of it."""
    kind = "BGPAdvertisement" if subject.plan.native_routing else "L2Advertisement"
    metadata = {"name": subject.name, "namespace": _NAMESPACE}
    pool = {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "IPAddressPool",
        "metadata": metadata,
        "spec": {"addresses": _blocks(subject), "autoAssign": True},
    }
    advertisement = {
        "apiVersion": "metallb.io/v1beta1",
        "kind": kind,
        "metadata": metadata,
        "spec": {"ipAddressPools": [subject.name]},
    }
    return [pool, advertisement, service(subject, {"metallb.io/address-pool": subject.name})]


def write_cilium(subject: Subject) -> list[Document]:
    """A CiliumLoadBalancerIPPool, all of whose addresses are given, and a service."""
    pool = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumLoadBalancerIPPool",
        "metadata": {"name": subject.name},
        "spec": {"blocks": [{"cidr": block} for block in _blocks(subject)], "allowFirstLastIPs": "Yes"},
    }
    return [pool, service(subject, {})]


def service(subject: Subject, annotations: dict[str, str], address: str = "") -> Document:
    """A service with an address of every family of the cluster; on metal-stack the one that it names."""
    policy = "RequireDualStack" if subject.plan.is_dual else "SingleStack"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": subject.name,
            "namespace": "default",
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": {
            "type": "LoadBalancer",
            "ipFamilyPolicy": policy,
            "ipFamilies": [family.label for family in subject.families],
            **({"loadBalancerIP": address} if address else {}),
            "selector": {"app": subject.name},
            "ports": [{"name": "https", "port": 443, "targetPort": 8443}],
        },
    }


def _blocks(subject: Subject) -> list[str]:
    return [str(block) for block in cidr_merge(subject.balanced)]
