"""Address space that clusters have reserved: nothing else of the same VRF may overlap it, on any door.

metal-stack gives each child network a VRF of its own, so equal ranges of two clusters never meet; a super network that
is strict keeps all below it apart nevertheless, and from the prefixes of all networks.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, block
from ipam.domain.core import access
from ipam.domain.space import whose
from ipam.models import Cluster, ClusterRange, Machine, MachineNetwork, Network, Prefix
from ipam.models.networks import NetworkType
from ipam.models.super_networks import ClusterRanges


def find_reserved(cidrs: Iterable[IPNetwork], *, field: str, network: Network) -> dict[IPNetwork, errors.IpamError]:
    """What the prefixes of `network` must not have: ranges that clusters of its VRF have reserved, or those below a
    super network that is strict; one statement for each family.
    """
    found: dict[IPNetwork, errors.IpamError] = {}
    by_family = defaultdict(list)
    for cidr in cidrs:
        by_family[Family.of(cidr)].append(cidr)
    for family, blocks in by_family.items():
        first = Address(min(cidr.first for cidr in blocks), family.value)
        last = Address(max(cidr.last for cidr in blocks), family.value)
        near = ClusterRange.objects.filter(_near(network)).filter(first__lte=last, last__gte=first)
        held = [(one.first.value, one.last.value, one) for one in near.select_related("cluster")]
        for cidr in blocks:
            start, end = cidr.first, cidr.last
            if other := next((one for low, high, one in held if low <= end and high >= start), None):
                found[cidr] = _overlap(f"{cidr} overlaps {named(other)}", field)
    return found


def check_carved(network: Network, carved: Iterable[Prefix]) -> None:
    """Raise Overlap where prefixes that a child has just got are reserved in a VRF that it shares."""
    reserved = find_reserved([one.cidr for one in carved], field="vrf", network=network)
    errors.raise_all(list(reserved.values()))


def find_overlaps(
    cluster: Cluster, ranges: Iterable[tuple[str, IPNetwork]], *, with_firewalls: bool = True
) -> Iterator[errors.IpamError]:
    """What a cluster's ranges, each with its field, must not have: space of a network, or of another cluster, of its
    VRF; anywhere, where its super network is strict. One statement when none has. What its firewalls lead to counts
    as its VRF, which the database does not know.
    """
    held = list(ranges)
    roots = Prefix.objects.filter(_of_networks(cluster.network, with_firewalls)).order_by("first")
    others = ClusterRange.objects.filter(_of_clusters(cluster.network)).exclude(cluster=cluster.pk)
    cidrs = [cidr for _, cidr in held]
    touched = roots.overlapping(*cidrs).order_by().values_list("pk")
    if not touched.union(others.overlapping(*cidrs).order_by().values_list("pk"), all=True).exists():
        return
    for field, cidr in held:
        if (holder := roots.overlapping(cidr).first()) is not None:
            yield _overlap(f"{cidr} overlaps {whose.prefix(holder)}", field)
        if (other := others.overlapping(cidr).select_related("cluster").first()) is not None:
            yield _overlap(f"{cidr} overlaps {named(other)}", field)


def find_joined(node_networks: Collection[str], beyond: Collection[str]) -> tuple[ClusterRange, Prefix] | None:
    """What a firewall between these node networks and networks beyond it would let meet: a range that a cluster of
    those has reserved, and a prefix of these that shares addresses with it; one statement when there is none.
    """
    ends = Prefix.objects.filter(network__in=beyond, first__lte=OuterRef("last"), last__gte=OuterRef("first"))
    reserved = ClusterRange.objects.reserved().filter(cluster__network__in=node_networks)
    met = reserved.annotate(met=Subquery(ends.order_by("first").values("pk")[:1])).filter(met__isnull=False)
    one = met.select_related("cluster").order_by("first").first()
    return (one, Prefix.objects.get(pk=one.met)) if one else None  # type: ignore[attr-defined]


def _near(network: Network) -> Q:
    """Reserved ranges that keep a network's prefixes away; what its firewalls lead to is one with their cluster."""
    apart = Q(is_strict=True) | Q(reserved_in=network.pk)
    if network.vrf_id is not None:
        apart |= Q(reserved_vrf=network.vrf_id)
    if network.is_external:
        apart |= Q(cluster__network__in=_joined_by_firewalls(Q(network=network.pk)))
    return Q(reserved_in__isnull=False) & apart


def _of_networks(network: Network, with_firewalls: bool) -> Q:
    """Prefixes that clusters on this node network keep away from."""
    if _is_strict(network):
        return Q(parent__isnull=True)
    same = Q(network=reach(network))
    if with_firewalls:
        same |= Q(network__in=_joined_by_firewalls(Q(network=network.pk), beside=True))
    own_vrf = Q(network__vrf=network.vrf_id) if network.vrf_id is not None else Q()
    return (same & Q(parent__isnull=True)) | own_vrf


def _of_clusters(network: Network) -> Q:
    """Ranges that clusters on this node network keep away from."""
    same_vrf = Q(reserved_vrf=network.vrf_id, reserved_in__isnull=False)
    return same_vrf | Q(reserved_in=reach(network)) if _is_strict(network) else same_vrf


def _joined_by_firewalls(where: Q, *, beside: bool = False) -> QuerySet[Any]:
    """The networks, or the external networks `beside`, of the firewalls that are where."""
    joined = MachineNetwork.objects.filter(where, machine__role=Machine.Role.FIREWALL)
    others = MachineNetwork.objects.filter(machine__in=joined.values("machine"))
    return (others.filter(network__type=NetworkType.EXTERNAL) if beside else others).values("network")


def _is_strict(network: Network) -> bool:
    return network.parent is not None and network.parent.cluster_ranges == ClusterRanges.STRICT


def find_elsewhere(clusters: Collection[Cluster]) -> dict[UUID, list[tuple[str, IPNetwork, str]]]:
    """Of each of these clusters the ranges, with their field, that something in another VRF has too, and what has it:
    a cluster below the same super network, or a network. Three statements at most; none where ranges know that
    nothing has them.
    """
    rows = [row for one in clusters for row in one.ranges.all()]
    if not all(hasattr(row, "holder") for row in rows):
        rows = list(ClusterRange.objects.filter(cluster__in=[one.pk for one in clusters]).beside())
    touched = sorted((row for row in rows if row.other or row.holder), key=lambda row: (row.purpose, row.first))
    if not touched:
        return {}
    ranges = ClusterRange.objects.select_related("cluster").in_bulk([row.other for row in touched if row.other])
    prefixes = Prefix.objects.select_related("network").in_bulk([row.holder for row in touched if row.holder])
    found: dict[UUID, list[tuple[str, IPNetwork, str]]] = defaultdict(list)
    for row in touched:
        field = "pods" if row.purpose == ClusterRange.Purpose.PODS else "services"
        if row.other:
            found[row.cluster_id].append((field, row.cidr, named(ranges[row.other])))
        if row.holder:
            prefix = prefixes[row.holder]
            found[row.cluster_id].append((field, row.cidr, whose.prefix(prefix)))
    return found


def taken_in(sources: Iterable[IPNetwork], network: Network) -> list[IPNetwork]:
    """What of `sources` a cluster on this node network cannot have: networks' space, and what others have reserved.

    What is proposed is unique as far as it goes, though equal ranges in two VRFs would do: all below the super network
    count, and of IPv6, whose local space is meant to be unique, the ranges of all clusters.
    """
    near = Q(reserved_in=reach(network)) | Q(reserved_in__isnull=False, family=Family.IPV6)
    ranges = ClusterRange.objects.filter(near).overlapping(*sources)
    roots, reserved = (
        rows.order_by().values_list("family", "first", "length")
        for rows in (Prefix.objects.roots().overlapping(*sources), ranges)
    )
    taken = roots.union(reserved, all=True)
    return [block(Family(family), first.value, length) for family, first, length in taken]


def reach(network: Network) -> str:
    """The super network whose clusters keep apart from one another: that of the node network."""
    return str(network.parent_id or network.pk)


def columns(cluster: Cluster) -> dict[str, Any]:
    """What rows of a cluster's ranges say of where they keep others away; of a draft or a released one nothing."""
    if not cluster.is_reserved:
        return {"reserved_in_id": None, "reserved_vrf_id": None, "is_strict": False}
    network = cluster.network
    return {"reserved_in_id": reach(network), "reserved_vrf_id": network.vrf_id, "is_strict": _is_strict(network)}


def keep_apart() -> None:
    """Let reserved ranges that do not know it yet, as those of older documents, keep apart within their VRF."""
    for one in ClusterRange.objects.reserved().filter(reserved_vrf=None).select_related("cluster__network__parent"):
        ClusterRange.objects.filter(pk=one.pk).update(**columns(one.cluster))


def named(held: ClusterRange) -> str:
    """A range and whose it is, for who may see that."""
    if not access.sees(held):
        return "what another project has reserved"
    return f"{held}, the {held.get_purpose_display()} of cluster {held.cluster}"


def _overlap(what: str, field: str) -> errors.Overlap:
    return errors.Overlap(f"{what}. Choose space outside of it.", field=field)
