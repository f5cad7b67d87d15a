"""Address space that clusters have reserved: nothing else may overlap it, on any door.

Two clusters below one super network keep apart, and every cluster keeps apart from the prefixes of all networks.
"""

from collections.abc import Iterator

from django.db.models import Q
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain import access
from ipam.models import Cluster, ClusterRange, Network, Prefix


def find_reserved(cidr: IPNetwork, *, field: str) -> Iterator[errors.IpamError]:
    """What a network's prefix must not have: a range that a cluster has reserved."""
    held = ClusterRange.objects.reserved().overlapping(cidr).select_related("cluster").first()
    if held is not None:
        yield _overlap(f"{cidr} overlaps {_named(held)}", field)


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
