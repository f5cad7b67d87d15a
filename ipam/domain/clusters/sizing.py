"""Masks and ranges that a plan gets when nobody names them. Pure: no database."""

from netaddr import IPNetwork

from ipam.addressing import Family

DEFAULT_MAX_PODS = 110  # the kubelet's
LONGEST_MASK = {Family.IPV4: 24, Family.IPV6: 64}  # the controller-manager's
SERVICES_LENGTH = {Family.IPV4: 18, Family.IPV6: 112}  # metal-stack's; 16 bits of IPv6, as kubeadm's samples
_LONGEST_IPV6_PODS = 52  # 4,096 nodes: of a /44 that costs nothing
_MAX_NODE_BITS = 16
# Where metal-stack has pods (10.240.0.0/13) and services (10.248.0.0/18) when nobody says otherwise.
IPV4_SPACE = IPNetwork("10.240.0.0/12")


def node_mask(family: Family, max_pods: int) -> int:
    """The default, or so much shorter that a node has two addresses for each pod: one that ends still has its own."""
    bits = (2 * max_pods + 1).bit_length()  # 2^bits - 2 ≥ 2 × max_pods
    return min(LONGEST_MASK[family], family.bits - bits)


def pods_length(family: Family, mask: int, nodes: int) -> int:
    """The length of a range of pods with a block of `mask` for each of so many nodes, up to 65,536."""
    bits = min((max(nodes, 1) - 1).bit_length(), _MAX_NODE_BITS)
    length = max(min(mask, family.bits) - bits, 0)
    return min(length, _LONGEST_IPV6_PODS) if family is Family.IPV6 else length


def nodes_length(family: Family, nodes: int) -> int:
    """The length of a prefix with addresses for so many nodes."""
    bits = (nodes + 1).bit_length()
    return family.bits - bits
