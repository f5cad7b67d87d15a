"""Calico's pools of pods, one of each family, as its operator makes them.

With pools of its own calico-node would make others from podSubnet; the operator makes these and no others.
"""

from typing import Any

from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.clusters.manifests.subject import Subject
from ipam.domain.clusters.manifests.yaml_text import Document
from ipam.models.clusters import PodIpam

CHECKED = "operator.tigera.io/v1 (Calico 3.34)"
BLOCK_SIZE = {Family.IPV4: 26, Family.IPV6: 122}  # Calico's defaults: 64 addresses
_UNIQUE_LOCAL = IPNetwork("fc00::/7")  # RFC 4193: no way out without source NAT


def write(subject: Subject) -> list[Document]:
    """The Installation, with a pool for each family, the primary first."""
    ipam = "Calico" if subject.plan.ipam == PodIpam.CALICO else "HostLocal"
    return [
        {
            "apiVersion": "operator.tigera.io/v1",
            "kind": "Installation",
            "metadata": {"name": "default"},
            "spec": {
                "cni": {"type": "Calico", "ipam": {"type": ipam}},
                "calicoNetwork": {
                    "bgp": "Enabled" if subject.plan.native_routing else "Disabled",
                    "ipPools": [_pool(subject, family) for family in subject.families],
                },
            },
        }
    ]


def leaves_by_nat(cidr: IPNetwork) -> bool:
    """Whether pods of this range need the address of their node to reach what is outside."""
    return cidr.version == Family.IPV4 or cidr in _UNIQUE_LOCAL


def _pool(subject: Subject, family: Family) -> dict[str, Any]:
    """Calico refuses a pool that is smaller than its block, so that one has the length of the pool at least."""
    cidr = subject.plan.pods[family]
    return {
        "name": f"{subject.name}-pods-{family.key}",
        "cidr": str(cidr),
        "blockSize": max(BLOCK_SIZE[family], cidr.prefixlen),
        "encapsulation": "None" if subject.plan.native_routing else "VXLAN",
        "natOutgoing": "Enabled" if leaves_by_nat(cidr) else "Disabled",
        "nodeSelector": "all()",
    }
