"""How full networks are: to order them by, in the database, and of their prefixes together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Case, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce

from ipam.addressing import Family
from ipam.domain.space import utilization
from ipam.domain.space.utilization import FamilyUse
from ipam.fields import CountField
from ipam.models import Network, Prefix, Series
from ipam.models.prefixes import PrefixRow

SMALL_NETWORKS = 200  # up to so many are summed to order a list
_WHOLE = 10**9  # a utilization is ordered by in billionths


class Sums(NamedTuple):
    """The prefixes of every network and their use, to order by and to show; None: the last survey has to do."""

    uses: dict[str, list[FamilyUse]] | None = None
    prefixes: dict[str, list[PrefixRow]] | None = None


def sums() -> Sums:
    """The use of every network unless there are more than `SMALL_NETWORKS` and a survey keeps it; four statements."""
    shown = Network.objects.annotate(is_kept=Exists(Series.objects.all())).order_by("pk")
    networks = list(shown[: SMALL_NETWORKS + 1])
    if len(networks) > SMALL_NETWORKS:
        if vars(networks[0])["is_kept"]:
            return Sums()
        networks = list(shown)
    prefixes = Prefix.objects.rows_of([network.pk for network in networks])
    return Sums(utilization.of_networks(networks, prefixes), prefixes)


def fullness(family: Family | None = None, *, descending: bool = False, known: Sums | None = None) -> Any:
    """To order networks by: the utilization of their fullest family, in whole billionths, as pages and API say it.

    With a `family` that one's, those without it last. Of more than `SMALL_NETWORKS` it is that of the last survey, 0
    for what is newer: nobody waits for all sums. Who has read the sums gives them as `known`.
    """
    missing = 0 if family is None else -1 if descending else _WHOLE + 1
    uses = (known or sums()).uses
    if uses is None:
        share = Subquery(_kept(family).order_by("-utilization").values("utilization")[:1])
        return Coalesce(Cast(share * float(_WHOLE), BigIntegerField()), missing)
    return _each(uses, lambda use: int(use.utilization * _WHOLE), family, Value(missing), BigIntegerField())


def left(family: Family, *, descending: bool = False, known: Sums | None = None) -> Any:
    """To order networks by: how many addresses of a family are left, 0..2^128; those without it last.

    Of more than `SMALL_NETWORKS` as the last survey kept it, like `fullness`.
    """
    missing = Value(-1 if descending else 2**128 + 1, CountField())
    uses = (known or sums()).uses
    if uses is None:
        kept = Subquery(_kept(family).values("available")[:1], output_field=CountField())
        return Coalesce(kept, missing, output_field=CountField())
    return _each(uses, lambda use: use.available_ips, family, missing, CountField())


def _kept(family: Family | None) -> QuerySet[Series]:
    kept = Series.objects.of_networks().filter(network_id=OuterRef("pk"))
    return kept.filter(family=family) if family else kept


def _each(
    uses: Mapping[str, list[FamilyUse]],
    of_use: Callable[[FamilyUse], int],
    family: Family | None,
    missing: Value,
    output_field: Any,
) -> Any:
    """The greatest that this says of a family of a network, or of this `family`, in each one that has it."""
    found = {key: [of_use(use) for use in own if family in (None, use.family)] for key, own in uses.items()}
    cases = [When(pk=key, then=Value(max(of_one), output_field)) for key, of_one in found.items() if of_one]
    return Case(*cases, default=missing, output_field=output_field)


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
