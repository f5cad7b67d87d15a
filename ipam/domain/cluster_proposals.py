"""Masks and ranges that a plan gets when nobody names them. Pure: no database.

Sources are tried in order, and inside one best fit: of the free blocks that are large enough the smallest, of those
the lowest; the range is its start.
"""

from collections.abc import Iterable, Sequence

from netaddr import IPNetwork

from ipam.addressing import Family, block, split_around

DEFAULT_MAX_PODS = 110  # the kubelet's
LONGEST_MASK = {Family.IPV4: 24, Family.IPV6: 64}  # the controller-manager's
SERVICES_LENGTH = {Family.IPV4: 18, Family.IPV6: 112}  # metal-stack's; 16 bits of IPv6, as kubeadm's samples
_LONGEST_IPV6_PODS = 52  # 4,096 nodes: of a /44 that costs nothing
_MOST_NODE_BITS = 16
# Where metal-stack has pods (10.240.0.0/13) and services (10.248.0.0/18) when nobody says otherwise.
IPV4_SPACE = IPNetwork("10.240.0.0/12")


def node_mask(family: Family, max_pods: int) -> int:
    """The default, or so much shorter that a node has two addresses for each pod: one that ends still has its own."""
    bits = (2 * max_pods + 1).bit_length()  # 2^bits - 2 ≥ 2 × max_pods
    return min(LONGEST_MASK[family], family.bits - bits)


def pods_length(family: Family, mask: int, nodes: int) -> int:
    """The length of a range of pods with a block of `mask` for each of so many nodes, up to 65,536."""
    bits = min((max(nodes, 1) - 1).bit_length(), _MOST_NODE_BITS)
    length = max(min(mask, family.bits) - bits, 0)
    return min(length, _LONGEST_IPV6_PODS) if family is Family.IPV6 else length


def nodes_length(family: Family, nodes: int) -> int:
    """The length of a prefix with addresses for so many nodes."""
    bits = (nodes + 1).bit_length()
    return family.bits - bits


def free_range(sources: Iterable[IPNetwork], taken: Sequence[IPNetwork], length: int) -> IPNetwork | None:
    """The start of the block to take, of prefix length `length`; None when no source has room for it."""
    for source in sources:
        fitting = [one for one in free_blocks(source, taken) if one.prefixlen <= length]
        if fitting:
            chosen = max(fitting, key=lambda one: (one.prefixlen, -one.first))
            return block(Family.of(source), chosen.first, length)
    return None


def free_blocks(source: IPNetwork, taken: Iterable[IPNetwork]) -> list[IPNetwork]:
    """What is left of `source` without the blocks that are taken, as maximal aligned blocks."""
    free = [source]
    for held in taken:
        free = [part for one in free for part in _without(one, held)]
    return free


def _without(free: IPNetwork, held: IPNetwork) -> list[IPNetwork]:
    if free in held:
        return []
    return split_around(free, held) if held in free else [free]
