"""How full networks are: to order them by, in the database, and of their prefixes together."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import BigIntegerField, Case, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce

from ipam.addressing import Family
from ipam.domain.space import utilization
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Network, Series

SMALL_NETWORKS = 200  # up to so many are summed to order a list


def fullness() -> Any:
    """To order networks by: the utilization of their fullest family, in whole billionths, as pages and API say it.

    Of more than `SMALL_NETWORKS` it is that of the last survey, 0 for what is newer: nobody waits for all sums.
    """
    if Network.objects.order_by("pk")[SMALL_NETWORKS:].exists() and Series.objects.exists():
        kept = Series.objects.of_networks().filter(network_id=OuterRef("pk")).order_by("-utilization")
        share = Coalesce(Subquery(kept.values("utilization")[:1]), 0.0)
        return Cast(share * 1e9, BigIntegerField())
    uses = utilization.of_networks(Network.objects.all())
    shares = {key: max((use.utilization for use in of_one), default=0.0) for key, of_one in uses.items()}
    taken = [When(pk=key, then=Value(int(share * 1e9))) for key, share in shares.items() if share]
    return Case(*taken, default=Value(0), output_field=BigIntegerField())


def together(uses: Iterable[FamilyUse]) -> list[FamilyUse]:
    """The use of prefixes of one network per family, IPv4 first: their sums."""
    found: dict[Family, FamilyUse] = {}
    for use in uses:
        known = found.get(use.family)
        found[use.family] = use if known is None else _sum(known, use)
    return [found[family] for family in sorted(found)]


def _sum(one: FamilyUse, other: FamilyUse) -> FamilyUse:
    fits = None if one.available_prefixes is None else one.available_prefixes + (other.available_prefixes or 0)
    return replace(
        one,
        total_ips=one.total_ips + other.total_ips,
        reserved_ips=one.reserved_ips + other.reserved_ips,
        available_ips=one.available_ips + other.available_ips,
        used_prefixes=one.used_prefixes + other.used_prefixes,
        available_prefixes=fits,
        cooling_ips=one.cooling_ips + other.cooling_ips,
    )
