"""What has to be true of ranges: nothing in one is free or cools, and its prefix knows that it has one."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from ipam.addressing import Family, size
from ipam.domain.core.checks import Finding, Remedy, check
from ipam.domain.health import rebuilding
from ipam.models import AddressRange, FreeBlock, Network, Prefix, SetAsideBlock


@check
def violations_of_ranges() -> Iterator[Finding]:
    """A range lies in a prefix of its network; what it keeps lies in it, and no other space of nobody does."""
    ranges = AddressRange.objects.select_related("prefix").order_by("prefix", "first")
    outside = Q(first__lt=F("prefix__first")) | Q(last__gt=F("prefix__last")) | ~Q(network=F("prefix__network"))
    for one in ranges.filter(outside):
        yield Finding(f"Range {one.title} of {one.network_id}: it does not lie in {one.prefix}.")
    inside = AddressRange.objects.filter(prefix=OuterRef("prefix"), first__lte=OuterRef("first"))
    holding = inside.filter(last__gte=OuterRef("first"))
    kept = SetAsideBlock.objects.filter(range__isnull=False)
    strayed: list[QuerySet[Any]] = [
        SetAsideBlock.objects.filter(Exists(holding), range__isnull=True),
        kept.exclude(Exists(holding.filter(pk=OuterRef("range")))),
    ]
    for rows in strayed:
        for block in rows.select_related("prefix"):
            yield _finding(block.prefix, f"{block} is not set aside as its ranges say")
    for block in _free_in_ranges():
        yield _finding(block.prefix, f"{block} is not set aside as its ranges say")


def _free_in_ranges() -> Iterator[FreeBlock]:
    """Free blocks, of any copy, that share an address with a range of their prefix; two statements."""
    starts, ends = defaultdict(list), defaultdict(list)
    for prefix, first, last in AddressRange.objects.order_by("prefix", "first").values_list("prefix", "first", "last"):
        starts[prefix].append(first.value)
        ends[prefix].append(last.value)
    free = FreeBlock.objects.filter(prefix__in=AddressRange.objects.order_by().values("prefix"))
    for block in free.select_related("prefix").iterator():
        first, begun = block.first.value, starts[block.prefix_id]
        last = first + size(block.address_family, block.length) - 1
        place = bisect_right(begun, last) - 1  # they are disjoint, so of those that begin before only the last
        if place >= 0 and ends[block.prefix_id][place] >= first:
            yield block


@check
def violations_of_prefixes_that_set_aside() -> Iterator[Finding]:
    """A prefix says whether what comes back to it may be set aside."""
    quarantined = Network.objects.exclude(quarantine={})
    families = {family: [one.pk for one in quarantined if one.cools_for(family)] for family in Family}
    should = Q(Exists(AddressRange.objects.filter(prefix=OuterRef("pk"))))
    for family, networks in families.items():
        should |= Q(family=family, network__in=networks)
    for prefix in Prefix.objects.filter(should & Q(sets_aside=False) | ~should & Q(sets_aside=True)).order_by("pk"):
        yield _finding(prefix, "it does not say whether it sets aside what comes back")


def _finding(prefix: Prefix, fault: str) -> Finding:
    remedy = Remedy(
        f"the free blocks of {prefix} of {prefix.network_id}", partial(rebuilding.rebuild_prefix, prefix.pk)
    )
    return Finding(f"{prefix} of {prefix.network_id}: {fault}.", remedy)
