"""Pools for services of type LoadBalancer: both families in one, out of the project's static external addresses.

Addresses beside each other are named as blocks, so a thousand of them are a few lines.
"""

from netaddr import cidr_merge

from ipam.domain.clusters.manifests.subject import Subject, items

METALLB_CHECKED = "metallb.io/v1beta1"
CILIUM_CHECKED = "cilium.io/v2alpha1 (Cilium 1.15 and later)"
_NONE = "# The project has no static external address yet: allocate one, or claim one by POST /api/v1/claims/.\n"


def write_metallb(subject: Subject) -> str:
    """An IPAddressPool; a dual-stack service takes one address of each family out of the same pool."""
    held = cidr_merge(list(subject.pool))
    return f"""\
{"" if held else _NONE}apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: {subject.name}
  namespace: metallb-system
spec:
  addresses:
{items(held or ["<address>/32"], 4)}
"""


def write_cilium(subject: Subject) -> str:
    """A CiliumLoadBalancerIPPool."""
    held = cidr_merge(list(subject.pool))
    blocks = "".join(f'    - cidr: "{one}"\n' for one in held or ["<address>/32"]).rstrip("\n")
    return f"""\
{"" if held else _NONE}apiVersion: cilium.io/v2alpha1
kind: CiliumLoadBalancerIPPool
metadata:
  name: {subject.name}
spec:
  blocks:
{blocks}
"""
