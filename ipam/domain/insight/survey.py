"""The state of the whole installation: live while it is small, as of the last survey when it is large.

A survey reads every free block and every allocation once. `manage.py survey` takes it, hourly; pages never do.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Q, QuerySet
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import cluster_findings, findings
from ipam.domain.space import utilization
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Finding, IPAddress, Network, UtilizationSample
from ipam.models.networks import CHILD_TYPES, NetworkType

SMALL_NETWORKS, SMALL_ADDRESSES = 200, 20_000  # up to here everything is looked at live
MAX_ROOTS = 12
MAX_MEASURED = 40  # roots that are measured all the time, by monitoring
MAX_FINDINGS = 500
_CHUNK = 500  # networks whose free blocks are summed at once
_OLD = timedelta(days=1)

Uses = dict[str, list[FamilyUse]]


@dataclass(frozen=True)
class Overview:
    """What the overview shows. `uses` has every network that is named here, exact and of this moment.

    `roots` are the networks that space is taken from, at most 12; `fullest` ranks (network, use) per family.
    `as_of` is when the findings and the ranking were surveyed; None: just now.
    """

    roots: list[Network]
    more_roots: bool
    uses: Uses
    fullest: dict[Family, list[tuple[Network, FamilyUse]]]
    findings: list[Finding]
    as_of: datetime | None


@dataclass(frozen=True)
class Found:
    """Findings, worst first, the worst 500 of a large installation; how many there are of each severity in all.

    `as_of` is when they were surveyed; None: just now.
    """

    findings: list[Finding]
    counts: Mapping[int, int]
    as_of: datetime | None


def overview(*, fullest: int = 5) -> Overview:
    """The overview of the installation; at most ten statements at any size."""
    networks = _all_if_small()
    if networks is not None:
        uses = utilization.of_networks(networks)
        roots = _in_places([network for network in networks if not network.is_child and not network.is_underlay])
        return Overview(
            roots[:MAX_ROOTS],
            len(roots) > MAX_ROOTS,
            uses,
            _ranked(networks, uses, fullest),
            _evaluate(networks, uses),
            None,
        )
    shown = access.visible(Network.objects.all()).exclude(type__in=[*CHILD_TYPES, NetworkType.UNDERLAY])
    in_places = shown.select_related("partition").order_by(F("partition_id").asc(nulls_first=True), "-type", "id")
    roots = list(in_places[: MAX_ROOTS + 1])
    samples = _fullest_samples(fullest)
    candidates = {sample.network_id: sample.network for sample in samples}
    uses = utilization.of_networks((candidates | {one.pk: one for one in roots[:MAX_ROOTS]}).values())
    as_of = samples[0].sampled_at if samples else None
    ranked = _ranked(candidates.values(), uses, fullest)
    return Overview(roots[:MAX_ROOTS], len(roots) > MAX_ROOTS, uses, ranked, _stored(as_of), as_of)


def current_findings() -> Found:
    """What there is to look at, worst first; at most ten statements at any size."""
    networks = _all_if_small()
    if networks is None:
        as_of = _surveyed_at()
        counts = access.visible(Finding.objects.all()).order_by().values_list("severity").annotate(number=Count("pk"))
        return Found(_stored(as_of), dict(counts), as_of)
    live = _evaluate(networks, utilization.of_networks(networks))
    return Found(live, Counter(finding.severity for finding in live), None)


def wanted(columns: Mapping[str, Collection[Any]]) -> QuerySet[Finding] | list[Finding]:
    """The findings that have one of these values in each of these columns, to be paged; at most ten statements.

    Of a large installation they are as of the last survey; while that is missing or old, its worst 500, and that.
    """
    networks = _all_if_small()
    if networks is not None:
        rows = _evaluate(networks, utilization.of_networks(networks))
    elif _is_old(as_of := _surveyed_at()):
        rows = _stored(as_of)
    else:
        asked = [
            Q(**{f"{name}__in": set(values) - {None}}) | (Q(**{name: None}) if None in values else Q())
            for name, values in columns.items()
        ]
        return access.visible(Finding.objects.all()).filter(*asked)
    return [row for row in rows if all(getattr(row, name) in values for name, values in columns.items())]


def root_utilization() -> Uses:
    """The exact use of the networks that space is taken from, at most 40 by id; three statements at any size."""
    networks = access.visible(Network.objects.exclude(type__in=CHILD_TYPES)).order_by("id")
    return utilization.of_networks(networks[:MAX_MEASURED])


def count_findings() -> Mapping[tuple[str, int], int]:
    """How many findings there are of each (code, severity); of a large installation as of the last survey."""
    networks = _all_if_small()
    if networks is not None:
        live = _evaluate(networks, utilization.of_networks(networks))
        return Counter((finding.code, finding.severity) for finding in live)
    kept = access.visible(Finding.objects.all()).order_by().values_list("code", "severity").annotate(number=Count("pk"))
    old = {("survey_old", Finding.Severity.WARNING): 1} if _is_old(_surveyed_at()) else {}
    return {(code, severity): number for code, severity, number in kept} | old


@operation
def run() -> int:
    """Survey the whole installation and keep what was found in the place of the last survey; how many findings."""
    access.require(Permission.OPERATE)
    UtilizationSample.objects.all().delete()
    Finding.objects.all().delete()
    kept: list[Finding] = []
    families: dict[str, set[Family]] = {}
    for networks in _chunks():
        uses = utilization.of_networks(networks)
        kept += findings.of_networks(networks, uses)
        families |= _families(uses)
        UtilizationSample.objects.bulk_create(
            UtilizationSample(network_id=key, family=use.family, utilization=use.utilization)
            for key, of_network in uses.items()
            for use in of_network
        )
    kept += [*findings.of_the_rest(families, limit=None), *cluster_findings.of_clusters(limit=None)]
    Finding.objects.bulk_create(sorted(kept, key=_worst_first), batch_size=_CHUNK)
    return len(kept)


def _all_if_small() -> list[Network] | None:
    """Every network of a small installation; None when it is large."""
    held = access.visible(IPAddress.objects.all())
    beyond = Exists(held.order_by("pk")[SMALL_ADDRESSES:][:1])  # asked once, not for every network
    visible = access.visible(Network.objects.select_related("partition")).annotate(has_many_addresses=beyond)
    networks = list(visible.order_by("id")[: SMALL_NETWORKS + 1])
    is_large = len(networks) > SMALL_NETWORKS or any(vars(one)["has_many_addresses"] for one in networks[:1])
    return None if is_large else networks


def _evaluate(networks: Sequence[Network], uses: Uses) -> list[Finding]:
    every = [
        *findings.of_networks(networks, uses),
        *findings.of_the_rest(_families(uses)),
        *cluster_findings.of_clusters(),
    ]
    return sorted(every, key=_worst_first)


def _worst_first(finding: Finding) -> tuple[int, str]:
    return finding.severity, finding.code


def _stored(as_of: datetime | None) -> list[Finding]:
    kept = list(access.visible(Finding.objects.all())[:MAX_FINDINGS])
    if _is_old(as_of):
        kept.insert(0, _no_survey(as_of))
    return kept


def _surveyed_at() -> datetime | None:
    return UtilizationSample.objects.values_list("sampled_at", flat=True).first()


def _is_old(as_of: datetime | None) -> bool:
    return as_of is None or timezone.now() - as_of > _OLD


def _no_survey(as_of: datetime | None) -> Finding:
    since = f"since {as_of:%Y-%m-%d %H:%M} UTC" if as_of else "yet"
    return Finding(
        code="survey_old",
        severity=Finding.Severity.WARNING,
        kind="survey",
        object_name="Survey",
        sentence=f"No survey has been kept {since}: run `manage.py survey` hourly, else rankings and findings are old.",
    )


def _fullest_samples(limit: int) -> list[UtilizationSample]:
    """The networks that were fullest in each family; a few more than wanted, as they have changed since."""
    samples = access.visible(UtilizationSample.objects.all())
    samples = samples.select_related("network__partition").order_by("family", "-utilization")
    return [sample for family in Family for sample in samples.filter(family=family)[: 2 * limit]]


def _ranked(networks: Iterable[Network], uses: Uses, limit: int) -> dict[Family, list[tuple[Network, FamilyUse]]]:
    ranked: dict[Family, list[tuple[Network, FamilyUse]]] = {family: [] for family in Family}
    for network in networks:
        for use in uses[network.pk]:
            if use.used_ips:
                ranked[use.family].append((network, use))
    return {family: sorted(rows, key=lambda row: -row[1].utilization)[:limit] for family, rows in ranked.items()}


def _chunks() -> Iterable[list[Network]]:
    after = ""
    while networks := list(Network.objects.filter(pk__gt=after).order_by("pk")[:_CHUNK]):
        yield networks
        after = networks[-1].pk


def _families(uses: Uses) -> dict[str, set[Family]]:
    return {key: {use.family for use in of_network} for key, of_network in uses.items()}


def _in_places(roots: list[Network]) -> list[Network]:
    """Roots in id order as the overview shows them: those of every partition first, supers first in each."""
    by_type = sorted(roots, key=lambda network: network.type, reverse=True)
    return sorted(by_type, key=lambda network: network.partition_id or "")
