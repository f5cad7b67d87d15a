"""Address space that clusters have reserved: nothing else may overlap it, on any door.

Two clusters below one super network keep apart, and every cluster keeps apart from the prefixes of all networks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Q
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access
from ipam.models import Cluster, ClusterRange, Network, Prefix


def find_reserved(cidrs: Iterable[IPNetwork], *, field: str) -> dict[IPNetwork, errors.IpamError]:
    """What a network's prefixes must not have: ranges that clusters have reserved; one statement for each family."""
    found: dict[IPNetwork, errors.IpamError] = {}
    by_family = defaultdict(list)
    for cidr in cidrs:
        by_family[Family.of(cidr)].append(cidr)
    for family, blocks in by_family.items():
        first = Address(min(cidr.first for cidr in blocks), family.value)
        last = Address(max(cidr.last for cidr in blocks), family.value)
        near = ClusterRange.objects.reserved().filter(first__lte=last, last__gte=first).select_related("cluster")
        held = [(one.first.value, one.last.value, one) for one in near]
        for cidr in blocks:
            start, end = cidr.first, cidr.last
            if other := next((one for low, high, one in held if low <= end and high >= start), None):
                found[cidr] = _overlap(f"{cidr} overlaps {_named(other)}", field)
    return found


def find_overlaps(cluster: Cluster, cidr: IPNetwork, *, field: str) -> Iterator[errors.IpamError]:
    """What a cluster's range must not have: space of a network, or of another cluster below the same super network."""
    holder = Prefix.objects.roots().overlapping(cidr).order_by("first").first()
    if holder is not None:
        whose = f"{holder} of network {holder.network_id}" if access.sees(holder) else "space of another network"
        yield _overlap(f"{cidr} overlaps {whose}", field)
    others = ClusterRange.objects.filter(reserved_in=reach(cluster.network)).exclude(cluster=cluster.pk)
    held = others.overlapping(cidr).select_related("cluster").first()
    if held is not None:
        yield _overlap(f"{cidr} overlaps {_named(held)}", field)


def taken_in(source: IPNetwork, network: Network) -> list[IPNetwork]:
    """What of `source` a cluster on this node network cannot have: networks' space, and what others have reserved.

    Unique local space is meant to be unique: of IPv6 the ranges of all clusters count, wherever they are.
    """
    near = Q(reserved_in=reach(network)) | Q(reserved_in__isnull=False, family=Family.IPV6)
    ranges = ClusterRange.objects.filter(near).overlapping(source)
    return [one.cidr for one in (*Prefix.objects.roots().overlapping(source), *ranges)]


def reach(network: Network) -> str:
    """The super network whose clusters keep apart from one another: that of the node network."""
    return str(network.parent_id or network.pk)


def _named(held: ClusterRange) -> str:
    if not access.sees(held):
        return "what another project has reserved"
    return f"{held}, the {held.purpose} of cluster {held.cluster}"


def _overlap(what: str, field: str) -> errors.Overlap:
    return errors.Overlap(f"{what}. Choose space outside of it.", field=field)
