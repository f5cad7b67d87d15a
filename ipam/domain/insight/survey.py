"""The state of the whole installation: live while it is small, as of the last survey when it is large.

A survey reads every free block and every allocation once. `manage.py survey` takes it, hourly; pages never do.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, Exists, F, Q, QuerySet, Subquery

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.insight import cluster_findings, findings, series, survey_age
from ipam.domain.insight.loose_ends import Marks
from ipam.domain.space import fullness, utilization
from ipam.domain.space.utilization import FamilyUse
from ipam.models import ClusterRange, Finding, IPAddress, Network, Prefix, Survey
from ipam.models.networks import CHILD_TYPES, NetworkType

SMALL_NETWORKS, SMALL_ADDRESSES = fullness.SMALL_NETWORKS, 20_000  # up to here everything is looked at live
MAX_ROOTS = 12
MAX_MEASURED = 40  # roots that are measured all the time, by monitoring
MAX_FINDINGS = 500
_TEXTS = [field for field in Finding._meta.concrete_fields if isinstance(field, CharField)]
_SURVEYED_AT = Subquery(Survey.objects.values("at")[:1])

Uses = dict[str, list[FamilyUse]]


@dataclass(frozen=True)
class Overview:
    """What the overview shows. `uses` has every network that is named here, exact and of this moment.

    `networks` are all of a small installation, else the first 12 that space is taken from; `is_cut`: there are more of
    these. `counts` are of all networks, by their partition, empty for those of every one. `as_of` is when a large
    installation was surveyed; None: never, or it is small.
    """

    networks: list[Network]
    is_cut: bool
    uses: Uses
    counts: Mapping[str, int]
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
    """The overview of the installation; at most seven statements at any size."""
    if networks := _read_if_small(series.with_days(Network.objects.all())):
        uses = utilization.of_networks(networks)
        return Overview(networks, False, uses, Counter(network.partition_id or "" for network in networks))
    every = access.visible(Network.objects.all())
    shown = every.exclude(type__in=[*CHILD_TYPES, NetworkType.UNDERLAY]).select_related("partition")
    in_places = shown.order_by(F("partition_id").asc(nulls_first=True), "-type", "id").annotate(
        surveyed_at=_SURVEYED_AT
    )
    roots = list(series.with_days(in_places)[: MAX_ROOTS + 1])
    uses = utilization.of_networks(roots[:MAX_ROOTS])
    counted = every.order_by().values_list("partition").annotate(number=Count("pk"))
    as_of = vars(roots[0])["surveyed_at"] if roots else None
    counts = {key or "": number for key, number in counted}
    return Overview(roots[:MAX_ROOTS], len(roots) > MAX_ROOTS, uses, counts, as_of)


def current_findings(columns: Columns | None = None, *, marked: bool = False) -> Found:
    """What there is to look at, or what of it is `marked`, as `wanted` has it; at most ten statements at any size, 13
    with documents of clusters, and one for the page.
    """
    asked, networks = columns or {}, _all_if_small()
    if networks is not None:
        live = _evaluate(networks, utilization.of_networks(networks), marked=marked)
        return Found(_having(live, asked), _numbers_of(live), None)
    as_of = survey_age.last()
    return Found(_stored(asked, as_of, marked=marked), _stored_numbers(as_of, marked=marked), as_of)


def wanted(columns: Columns, *, marked: bool | None = False) -> Rows:
    """The findings that have one of these values in each of these columns, to be paged; at most ten statements.

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
        for field in _TEXTS:
            setattr(one, field.attname, getattr(one, field.attname)[: field.max_length])
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
