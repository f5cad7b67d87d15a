"""The state of the whole installation: live while it is small, as of the last survey when it is large.

A survey reads every free block and every allocation once. `manage.py survey` takes it, hourly; pages never do.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, Greatest, RowNumber

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.insight import cluster_findings, findings, survey_age
from ipam.domain.insight.loose_ends import Marks
from ipam.domain.space import fullness, utilization
from ipam.domain.space.utilization import FamilyUse
from ipam.models import ClusterRange, Finding, IPAddress, Network, Prefix, Series, Survey
from ipam.models.networks import CHILD_TYPES

SMALL_NETWORKS, SMALL_ADDRESSES = fullness.SMALL_NETWORKS, 20_000  # up to here everything is looked at live
MAX_OF_PARTITION, MAX_SHOWN = 30, 600  # networks of a large installation
MAX_MEASURED = 40  # roots that are measured all the time, by monitoring
MAX_FINDINGS = 500
_TEXTS = [column for column in Finding._meta.concrete_fields if isinstance(column, CharField)]
_SURVEYED_AT = Subquery(Survey.objects.values("at")[:1])

Uses = dict[str, list[FamilyUse]]


@dataclass(frozen=True)
class Overview:
    """What the overview shows: networks, and how full each of their families is, 0..1.

    `networks` are all of a small installation, else the fullest 30 of each partition. `counts` are of all networks, by
    their partition, empty for those of every one. `totals` are how many addresses are left, and how many can be taken,
    of the networks that space is taken from. `as_of` is when a large installation was surveyed; None: never, or it is
    small, and all is of this moment.
    """

    networks: list[Network]
    shares: Mapping[str, Mapping[Family, float]]
    counts: Mapping[str, int]
    totals: Mapping[Family, tuple[int, int]]
    as_of: datetime | None = None


Columns = Mapping[str, Collection[Any]]  # which values are wanted in which columns of findings
Numbers = Mapping[tuple[str, int], int]  # how many findings there are of each (code, severity)
Rows = QuerySet[Finding] | list[Finding]


@dataclass(frozen=True)
class Found:
    """Findings to be paged, worst first, and how many there are of each kind whichever of them are wanted.

    `as_of` is when they were surveyed; None: just now.
    """

    findings: Rows
    numbers: Numbers
    as_of: datetime | None


def overview() -> Overview:
    """The overview of the installation; at most five statements at any size."""
    if networks := _read_if_small(Network.objects.all()):
        uses = utilization.of_networks(networks)
        shares = {key: {use.family: use.utilization for use in of_one} for key, of_one in uses.items()}
        roots = [use for network in networks if not network.is_child for use in uses[network.pk]]
        totals = _totals((use.family, use.used_ips, use.available_ips + use.cooling_ips) for use in roots)
        return Overview(networks, shares, Counter(network.partition_id or "" for network in networks), totals)
    networks = list(_fullest())
    kept = {one.pk: vars(one) for one in networks}
    shares = {
        key: {family: share for family in Family if (share := values[f"share_of_{family.key}"]) is not None}
        for key, values in kept.items()
    }
    counts = {one.partition_id or "": kept[one.pk]["number"] for one in networks}
    of_roots = access.visible(Network.objects.exclude(type__in=CHILD_TYPES)).order_by().values("pk")
    known: QuerySet[Any, Any] = Series.objects.of_networks().filter(network_id__in=of_roots).order_by()
    totals = _totals(known.values_list("family", "used", "available"))
    return Overview(networks, shares, counts, totals, kept[networks[0].pk]["surveyed_at"] if networks else None)


def _totals(uses: Iterable[tuple[int, int, int]]) -> dict[Family, tuple[int, int]]:
    """{family: what is left, what can be taken at all} of (family, used, left) of many networks."""
    left, taken = Counter[int](), Counter[int]()
    for family, used, available in uses:
        left[family] += available
        taken[family] += used
    return {family: (left[family], left[family] + taken[family]) for family in Family}


def _fullest() -> QuerySet[Network]:
    """The fullest networks of each partition, by the last survey, with how many there are in all: the fullest first."""
    own = Series.objects.of_networks().filter(network_id=OuterRef("pk"))
    of_family = {f"share_of_{one.key}": Subquery(own.filter(family=one).values("utilization")[:1]) for one in Family}
    fullest = Greatest(*(Coalesce(name, 0.0) for name in of_family)).desc()
    ranked = access.visible(Network.objects.annotate(**of_family, surveyed_at=_SURVEYED_AT)).annotate(
        number=Window(Count("pk"), partition_by="partition"),
        place=Window(RowNumber(), partition_by="partition", order_by=[fullest, "pk"]),
    )
    named = (
        ranked.filter(place__lte=MAX_OF_PARTITION)
        .select_related("partition")
        .only("name", "partition", "partition__name")
    )
    return named.order_by("place", "pk")[:MAX_SHOWN]


def current_findings(columns: Columns | None = None, *, marked: bool = False) -> Found:
    """What there is to look at, or what of it is `marked`, as `wanted` has it; at most nine statements at any size, 12
    with documents of clusters, and one for the page.
    """
    asked, networks = columns or {}, _all_if_small()
    if networks is not None:
        live = _evaluate(networks, utilization.of_networks(networks), marked=marked)
        return Found(_having(live, asked), _numbers_of(live), None)
    as_of = survey_age.last()
    return Found(_stored(asked, as_of, marked=marked), _stored_numbers(as_of, marked=marked), as_of)


def wanted(columns: Columns, *, marked: bool | None = False) -> Rows:
    """The findings that have one of these values in each of these columns, to be paged; at most nine statements.

    Those that somebody has snoozed or accepted only if `marked`; None: those too. Of a large installation they are as
    of the last survey; while that is missing or old, the worst 500 of them, and that.
    """
    networks = _all_if_small()
    if networks is not None:
        return _having(_evaluate(networks, utilization.of_networks(networks), marked=marked), columns)
    return _stored(columns, survey_age.last(), marked=marked)


def halves_of_pairs() -> list[Finding]:
    """The findings of allocations that lack a family, also those that are snoozed or accepted; three statements."""
    code, networks = "one_family_allocations", _all_if_small()
    if networks is None:
        return list(_shown(None).filter(code=code)[:MAX_FINDINGS])
    families: dict[str, set[Family]] = defaultdict(set)
    for network, family in Prefix.objects.filter(network__in=networks).values_list("network", "family").distinct():
        families[network].add(Family(family))
    return [one for one in findings.one_family_only(families) if one.code == code]


def root_utilization() -> Uses:
    """The exact use of the networks that space is taken from, at most 40 by id; three statements at any size."""
    networks = access.visible(Network.objects.exclude(type__in=CHILD_TYPES)).order_by("id")
    return utilization.of_networks(networks[:MAX_MEASURED])


def count_findings() -> Numbers:
    """How many findings there are of each (code, severity); of a large installation as of the last survey."""
    networks = _all_if_small()
    if networks is not None:
        return _numbers_of(_evaluate(networks, utilization.of_networks(networks)))
    return _stored_numbers(survey_age.last())


def _all_if_small() -> list[Network] | None:
    """Every network of a small installation; None when it is large."""
    return _read_if_small(Network.objects.all()) or (None if access.visible(Network.objects.all()).exists() else [])


def _read_if_small(among: QuerySet[Network]) -> list[Network]:
    """Every network of a small installation, as `among` says what of them is to be read; none of a large one."""
    held, visible = access.visible(IPAddress.objects.all()), access.visible(among)
    is_large = Exists(visible.order_by("pk")[max(SMALL_NETWORKS, 0) :][:1]) | Exists(
        held.order_by("pk")[SMALL_ADDRESSES:][:1]
    )
    small = visible.filter(~is_large).select_related("partition")  # asked once, not for each
    beside = {"surveyed_at": _SURVEYED_AT, "has_reserved": Exists(ClusterRange.objects.reserved())}
    return [*small.annotate(**beside).order_by("id")]


def _evaluate(networks: Sequence[Network], uses: Uses, *, marked: bool | None = False) -> list[Finding]:
    marks: Marks = set()
    every = [
        *findings.of_networks(networks, uses),
        *findings.of_the_rest(families_of(uses), marks=marks),
        *_of_clusters(networks),
        *_of_surveys(networks),
    ]
    by_id = {network.pk: network for network in networks}
    for one in every:
        one.network = by_id.get(one.network_id)
    shown = every if marked is None else [one for one in every if (one.marked_as in marks) == marked]
    return in_order(shown)


def _shown(marked: bool | None = False) -> QuerySet[Finding]:
    """Stored findings that the caller may see, without those that were snoozed or accepted, or only those."""
    stored = access.visible(Finding.objects.all())
    return stored if marked is None else stored.marked(marked)


def _of_clusters(networks: Sequence[Network]) -> Iterable[Finding]:
    """Of a small installation: nothing is asked where no cluster has reserved anything."""
    return cluster_findings.of_clusters() if networks and vars(networks[0])["has_reserved"] else ()


def _of_surveys(networks: Sequence[Network]) -> list[Finding]:
    """Of a small installation: forecasts and alerts live on surveys too, once somebody takes them."""
    as_of = vars(networks[0])["surveyed_at"] if networks else None
    return [survey_age.finding(as_of)] if as_of and survey_age.is_old(as_of) else []


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """As they are shown and kept: worst first, and no text longer than its column, whoever's name or error it has."""
    ordered = sorted(found, key=lambda one: (one.severity, one.code))
    for one in ordered:
        for column in _TEXTS:
            setattr(one, column.attname, getattr(one, column.attname)[: column.max_length])
    return ordered


def _stored(columns: Columns, as_of: datetime | None, *, marked: bool | None) -> Rows:
    asked = [
        Q(**{f"{name}__in": set(values) - {None}}) | (Q(**{name: None}) if None in values else Q())
        for name, values in columns.items()
    ]
    kept = _shown(marked).filter(*asked)
    if marked or not survey_age.is_old(as_of):
        return kept
    return [*_having([survey_age.finding(as_of)], columns), *kept[:MAX_FINDINGS]]


def _stored_numbers(as_of: datetime | None, *, marked: bool = False) -> Numbers:
    counted = _shown(marked).order_by().values_list("code", "severity").annotate(number=Count("pk"))
    old = [survey_age.finding(as_of)] if survey_age.is_old(as_of) and not marked else []
    return {**{(code, severity): number for code, severity, number in counted}, **_numbers_of(old)}


def _having(found: Iterable[Finding], columns: Columns) -> list[Finding]:
    return [one for one in found if all(getattr(one, name) in values for name, values in columns.items())]


def _numbers_of(found: Iterable[Finding]) -> Numbers:
    return Counter((one.code, one.severity) for one in found)


def families_of(uses: Uses) -> dict[str, set[Family]]:
    """The families that each network has."""
    return {key: {use.family for use in of_network} for key, of_network in uses.items()}
