"""Where a free square of a map leads: to taking exactly what is there."""

from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.space import free_blocks
from ipam.models import Network
from ipam.values import parse_cidr


def link_to(network: Network, cidr: IPNetwork) -> str:
    """As seen from the map, for there are many: carve a child there, of a large square the first; or its address."""
    if not network.is_super:
        return f"../allocate/?ip={cidr.ip}"
    length = network.default_child_prefix_length.get(Family.of(cidr), cidr.prefixlen)
    return f"../carve/?prefixes={cidr.ip}/{max(length, cidr.prefixlen)}"


def with_partner(parent: Network, named: str) -> str:
    """Prefixes to carve; where they are of one family alone, with a free one of the other, of the usual length."""
    lengths = parent.default_child_prefix_length
    try:
        cidrs = [parse_cidr(text).cidr for text in named.split()]
    except ValueError:
        return named  # the form says what is wrong with it
    missing = {family: one for family, one in lengths.items() if family not in map(Family.of, cidrs)}
    if not cidrs or not missing:
        return named
    free = free_blocks.by_family(list(parent.prefixes.select_related("network")), lengths=missing)
    following = [free[family].next for family in missing if family in free]
    return " ".join(map(str, [*cidrs, *filter(None, following)]))
