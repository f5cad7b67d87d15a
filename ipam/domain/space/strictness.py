"""Whether clusters below a super network keep apart within their VRF, or everywhere (rule 38)."""

from django.db.models import Exists, OuterRef, Q

from ipam import errors
from ipam.domain.core import access
from ipam.models import ClusterRange, Network, Prefix
from ipam.models.super_networks import ClusterRanges


def change(network: Network) -> None:
    """Let the reserved ranges below a locked super network keep apart as it says now; Overlap where they do not yet."""
    is_strict = network.cluster_ranges == ClusterRanges.STRICT
    reserved = ClusterRange.objects.filter(reserved_in=network)
    if is_strict:
        ends = Q(first__lte=OuterRef("last"), last__gte=OuterRef("first"))
        others = Exists(reserved.exclude(pk=OuterRef("pk")).filter(ends))
        roots = Exists(Prefix.objects.roots().filter(ends))
        if (one := reserved.filter(others | roots).select_related("cluster").order_by("first").first()) is not None:
            whose = f"the {one.purpose} of cluster {one.cluster}," if access.sees(one) else "a cluster's range"
            raise errors.Overlap(
                f"{one}, {whose} overlaps another range or network in another VRF. While both are there, it stays "
                "per-vrf.",
                field="cluster_ranges",
            )
    reserved.update(is_strict=is_strict)
