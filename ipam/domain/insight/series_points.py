"""The points of a series between two moments, and points that come from elsewhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import forecasts
from ipam.domain.insight import series as all_series
from ipam.domain.insight.periods import STEPS, Period
from ipam.domain.insight.series import BY_DAY, VALUES, Reading, day_begins, utc_day
from ipam.domain.insight.trend import DAYS
from ipam.domain.space import utilization
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Network, Project, Sample, Series
from ipam.models.events import Verb

MAX_POINTS = 1_000  # of a family in an answer
MAX_STORED = 10_000  # in one request


@dataclass(frozen=True, kw_only=True)
class Point:
    """What held from a moment on; `high` is the highest use since the point before. Counts are exact, 0..2^128."""

    at: datetime
    used: int
    total: int | None
    high: int
    used_prefixes: int | None = None
    available_prefixes: int | None = None
    live: bool = False


@dataclass(frozen=True, kw_only=True)
class NewPoint:
    """A point that was measured elsewhere; `high` is `used` where that is left out."""

    family: Family
    at: datetime
    used: int
    total: int
    high: int | None = None
    used_prefixes: int | None = None
    available_prefixes: int | None = None


class Points(dict[Family, list[Point]]):
    """The points of each family, all of them by one step."""

    def __init__(self, step: str, points: Mapping[Family, list[Point]]) -> None:
        super().__init__(points)
        self.step = step


def of_network(
    network: Network, period: Period, families: Iterable[Family] = (), *, uses: list[FamilyUse] | None = None
) -> Points:
    """The points of each family of a network, or of some, oldest first, at most 1,000; one statement, and its use now.

    The first is what held at `since`, where that is known; the last, where the period ends now, is live and exact.
    Invalid where a step is asked for that gives more. `uses` is its use of this moment, where that is known already.
    """
    uses = utilization.of_network(network) if uses is None else uses
    now = timezone.now()
    live = {
        Family(reading.family): _live(reading, now) for reading in all_series.of_networks([network], {network.pk: uses})
    }
    found = Series.objects.open().filter(network_id=network.pk, since=network.created_at)
    return _points(found, live, period, families)


def of_project(project: Project, period: Period, families: Iterable[Family] = ()) -> Points:
    """How many addresses of each family a project had, as `of_network` has it."""
    now = timezone.now()
    live = {Family(one.family): _live(one, now) for one in all_series.of_projects(project)}
    return _points(Series.objects.open().filter(project_id=project.pk), live, period, families)


def _live(reading: Reading, now: datetime) -> Point:
    return Point(at=now, high=reading.used, live=True, **{name: getattr(reading, name) for name in VALUES})


def _points(
    found: QuerySet[Series], live: Mapping[Family, Point], period: Period, families: Iterable[Family]
) -> Points:
    wanted = [family for family in live if family in (set(families) or set(Family))]
    stored: dict[Family, list[Point]] = {family: [] for family in wanted}
    for family, at, *counts in _samples(found.filter(family__in=wanted), period):
        values = dict(zip((*VALUES, "high"), counts, strict=True))
        stored[Family(family)].append(Point(at=max(at, period.since), **values))
    live_now = {family: [] if period.until else [live[family]] for family in wanted}
    for step in [period.step] if period.step else STEPS:
        stepped = {family: _by_step(points, step, period.since) for family, points in stored.items()}
        if all(len(points) < MAX_POINTS for points in stepped.values()):
            return Points(step, {family: [*points, *live_now[family]] for family, points in stepped.items()})
    raise errors.Invalid(
        f"That would be more than {MAX_POINTS:,} points. Ask for a shorter time, or for a longer step.", field="step"
    )


def _samples(found: QuerySet[Series], period: Period) -> Iterable[tuple[Any, ...]]:
    """Their samples in the period, and the last ones before it; one statement."""
    in_force = Sample.objects.filter(series=OuterRef("series"), at__lte=period.since).order_by("-at").values("at")[:1]
    samples = Sample.objects.filter(series__in=found, at__gte=Coalesce(Subquery(in_force), period.since))
    if period.until:
        samples = samples.filter(at__lt=period.until)
    return samples.order_by("at").values_list("series__family", "at", *VALUES, "high").iterator()


def _by_step(points: Sequence[Point], step: str, since: datetime) -> list[Point]:
    """The last point of each step; what held first stays."""
    in_force = [point for point in points[:1] if point.at == since]
    grouped = groupby(points[len(in_force) :], key=lambda point: STEPS[step](point.at))
    return [*in_force, *(_last(list(group)) for _, group in grouped)]


def _last(points: Sequence[Point]) -> Point:
    return replace(points[-1], high=max(point.high for point in points))


@operation
def store(network: Network, points: Sequence[NewPoint]) -> tuple[int, int]:
    """Keep points from elsewhere; how many are new, and how many were replaced. Operators only.

    FamilyNotInNetwork, or Invalid at the field of each point that lies in the future or has more used than there is.
    """
    network = lookups.get(Network, network.pk, lock=True)  # who else keeps points waits
    access.require(Permission.OPERATE)
    refused: list[errors.IpamError] = []
    for place, broken in violations(network, points).items():
        refused += [type(one)(one.detail, field=f"points.{place}.{one.field}") for one in broken]
    errors.raise_all(refused)
    stored = replaced = 0
    for family in sorted({point.family for point in points}):
        rows = {point.at: point for point in points if point.family == family}
        one = _series_of(network, family, min(rows))
        replaced += (known := one.samples.filter(at__in=rows).count())
        stored += len(rows) - known
        Sample.objects.bulk_create(
            (_sample(one, row) for row in rows.values()),
            update_conflicts=True,
            unique_fields=["series", "at"],
            update_fields=[*VALUES, "high"],
        )
        _sum_up(one)
    history.record(Verb.IMPORT, network, before={}, after={"history": stored + replaced})
    return stored, replaced


def _sample(one: Series, point: NewPoint) -> Sample:
    high = point.used if point.high is None else point.high
    return Sample(series=one, at=point.at, high=high, **{name: getattr(point, name) for name in VALUES})


def kept(network: Network, points: Iterable[NewPoint]) -> dict[tuple[Family, datetime], Sample]:
    """What is kept of a network at the moments of these points, by family and moment; one statement."""
    found = Series.objects.of_networks().filter(network_id=network.pk, since=network.created_at)
    samples = Sample.objects.filter(series__in=found, at__in={point.at for point in points})
    return {(Family(one.series.family), one.at): one for one in samples.select_related("series")}


def violations(network: Network, points: Iterable[NewPoint]) -> dict[int, list[errors.IpamError]]:
    """What is wrong with points, by their place from 0: FamilyNotInNetwork, or Invalid at `at`, `used` or `high`."""
    present = {Family(family) for family in network.prefixes.order_by().values_list("family", flat=True).distinct()}
    now = timezone.now()
    broken = {place: list(_violations_of(network, point, present, now)) for place, point in enumerate(points)}
    return {place: found for place, found in broken.items() if found}


def _violations_of(
    network: Network, point: NewPoint, present: set[Family], now: datetime
) -> Iterator[errors.IpamError]:
    if point.family not in present:
        yield errors.FamilyNotInNetwork(
            f"{network.pk} has no {point.family.label} prefix. Add one, or leave these points out.",
            field="address_family",
        )
    if point.at > now:
        yield errors.Invalid(f"{point.at:%Y-%m-%d %H:%M} UTC has not come yet. Leave this point out.", field="at")
    if point.used > point.total:
        yield errors.Invalid(
            f"{point.used:,} are more than there are, {point.total:,}. Correct one of both.", field="used"
        )
    if point.high is not None and point.high < point.used:
        yield errors.Invalid(
            f"The highest use, {point.high:,}, is less than {point.used:,}. Correct one of both.", field="high"
        )


def _series_of(network: Network, family: Family, since: datetime) -> Series:
    """The series of a family of a network, which begins where no survey has seen it yet."""
    found = Series.objects.of_networks().filter(network_id=network.pk, family=family, since=network.created_at).first()
    if found is not None:
        return found
    Series.objects.of_networks().filter(network_id=network.pk, family=family).update(ended=timezone.now())
    return Series.objects.create(
        network_id=network.pk, family=family, since=network.created_at, at=since, used=0, days_until=utc_day(since)
    )


def _sum_up(one: Series) -> None:
    """Make the latest values of a series, and its values by day, those of its samples.

    Its forecast is made anew: at once where a survey has said what is left, else by the first one.
    """
    now = timezone.now()
    today = utc_day(now)
    since = day_begins(today - timedelta(days=DAYS))
    before = one.samples.filter(at__lt=since).order_by("-at")[:1]
    samples = [*before, *one.samples.filter(at__gte=since).order_by("at")]
    if samples[-1].at >= one.at:
        one.at = samples[-1].at
        for name in VALUES:
            if (value := getattr(samples[-1], name)) is not None:
                setattr(one, name, value)
    one.used_by_day, one.prefixes_by_day = [], []
    for day in (today - timedelta(days=number) for number in reversed(range(DAYS))):
        while len(samples) > 1 and samples[1].at <= day_begins(day):
            del samples[0]
        if samples[0].at <= day_begins(day):
            for by_day, name in BY_DAY.items():
                if (value := getattr(samples[0], name)) is not None:
                    getattr(one, by_day).append(value)
    one.days_until = today
    if one.available is not None:
        forecasts.predict(one, now)
    one.save()
