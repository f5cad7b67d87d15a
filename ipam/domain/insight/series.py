"""How much was used when: a sample of each family of a network or project whose use differs from the one before.

A survey reads everything in a snapshot, and keeps what it has read in transactions so small that nobody waits long.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from ipam.addressing import Family
from ipam.domain.core import bulk_insert
from ipam.domain.core.operations import transacted
from ipam.domain.insight.trend import DAYS
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Network, Project, Sample, Series

VALUES = ("used", "total", "used_prefixes", "available_prefixes")
LATEST = (*VALUES, "available", "utilization")
BY_DAY = {"used_by_day": "used", "prefixes_by_day": "available_prefixes"}
BATCH = 1_000  # series in one transaction: less than 200 ms of SQLite's one writer


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a survey has read of a family of a network or project; counts of addresses or prefixes, 0..2^128."""

    network_id: str = ""
    project_id: UUID | None = None
    family: int
    since: datetime  # when the network or project was made
    used: int
    total: int | None = None
    available: int | None = None  # what cools among it, as it comes back by itself
    used_prefixes: int | None = None
    available_prefixes: int | None = None
    utilization: float = 0.0

    @property
    def about(self) -> tuple[str, UUID | None, int]:
        """The network or project, and the family."""
        return self.network_id, self.project_id, self.family


def of_networks(networks: Iterable[Network], uses: Mapping[str, Sequence[FamilyUse]]) -> Iterator[Reading]:
    """The readings of networks whose use is known."""
    for network in networks:
        for use in uses[network.pk]:
            yield Reading(
                network_id=network.pk,
                family=int(use.family),
                since=network.created_at,
                used=use.used_ips,
                total=use.total_ips,
                available=use.available_ips + use.cooling_ips,
                used_prefixes=use.used_prefixes if network.is_super else None,
                available_prefixes=use.available_prefixes,
                utilization=use.utilization,
            )


def of_projects(*projects: Project) -> Iterator[Reading]:
    """How many addresses of each family each of these projects has, or each project; one statement."""
    chosen = Project.objects.filter(pk__in=[one.pk for one in projects]) if projects else Project.objects.all()
    for one in with_addresses(chosen.only("created_at").order_by()):
        for family in Family:
            yield Reading(project_id=one.pk, family=int(family), since=one.created_at, used=addresses_of(one, family))


def with_addresses(projects: QuerySet[Project]) -> QuerySet[Project]:
    """These projects, with how many addresses of each family they have: for `addresses_of`, no statement more."""
    held = {f"of_{family.key}": Count("addresses", filter=Q(addresses__family=family)) for family in Family}
    return projects.annotate(**held)


def addresses_of(project: Project, family: Family) -> int:
    """How many addresses of a family a project has that was read `with_addresses`."""
    return int(vars(project)[f"of_{family.key}"])


def with_days(networks: QuerySet[Network]) -> QuerySet[Network]:
    """These networks, with what they used as each of the last 90 UTC days began: for `days_of`, no statement more."""
    own = Series.objects.of_networks().filter(network_id=OuterRef("pk"), since=OuterRef("created_at"))
    days = own.annotate(days=Cast("used_by_day", TextField())).values("days")  # as text: not all of them are shown
    return networks.annotate(**{_days(family): Subquery(days.filter(family=family)) for family in Family})


def days_of(network: Network, family: Family) -> list[int]:
    """What a network that was read `with_days` used as each of the last days began; nothing of any other."""
    kept = vars(network).get(_days(family))
    found: list[int] = json.loads(kept) if kept else []
    return found


def with_changes(networks: QuerySet[Network]) -> QuerySet[Network]:
    """As `with_days`, for `days_of_change`."""
    own = Series.objects.of_networks().filter(network_id=OuterRef("pk"), since=OuterRef("created_at"))
    return with_days(networks).annotate(
        **{
            f"{name}_of_{family.key}": Subquery(own.filter(family=family).values(name))
            for name, family in product(("used", "days_until"), Family)
        }
    )


def days_of_change(network: Network) -> dict[Family, list[date]]:
    """The UTC days, of the last 90, on which what each family of a network read `with_changes` uses became another."""
    return {family: days for family in Family if (days := _changed(network, family)) is not None}


def _changed(network: Network, family: Family) -> list[date] | None:
    kept = vars(network)
    if (until := kept[f"days_until_of_{family.key}"]) is None:
        return None
    values = [*days_of(network, family), kept[f"used_of_{family.key}"]]
    first = until - timedelta(days=len(values) - 2)
    return [first + timedelta(days=day) for day, (was, now) in enumerate(pairwise(values)) if was != now]


def _days(family: int) -> str:
    return f"days_of_{Family(family).key}"


def record(readings: Iterable[Reading], now: datetime) -> None:
    """Keep what differs from the last survey, begin the series of what is new, and end those of what is gone."""
    known = {series.about: series for series in Series.objects.open().defer(*BY_DAY)}
    begun: list[Reading] = []
    changed: dict[int, Reading] = {}
    for reading in readings:
        series = known.get(reading.about)
        if series is None or series.since != reading.since:
            begun += [reading] if reading.used or reading.total is not None else []
            continue
        del known[reading.about]
        if any(getattr(series, name) != getattr(reading, name) for name in (*VALUES, "available")):
            changed[series.pk] = reading
    for keys in bulk_insert.batches((series.pk for series in known.values()), BATCH):
        Series.objects.filter(pk__in=keys).update(ended=now, full_likely=None)
    for new in bulk_insert.batches(begun, BATCH):
        _begin(new, now)
    for pairs in bulk_insert.batches(changed.items(), BATCH):
        _advance(dict(pairs), now)


def has_turned(one: Series, reading: Reading) -> bool:
    """Whether a forecast holds no longer: it was of another size, or it is full now and was not, or was and is not."""
    return one.total != reading.total or is_full(one) != is_full(reading)


def is_full(one: Series | Reading) -> bool:
    """Whether nothing is left: no child of the default length fits a super network, no address is free of another."""
    left = one.available if one.available_prefixes is None else one.available_prefixes
    return left == 0


def follow(readings: Iterable[Reading], now: datetime) -> list[int]:
    """Between surveys, keep those whose forecast holds no longer; their keys. One statement where there are none."""
    by_about = {one.about: one for one in readings}
    known = Series.objects.of_networks().filter(network_id__in={one.network_id for one in by_about.values()})
    among = ((one, by_about.get(one.about)) for one in known.defer(*BY_DAY))
    turned = {one.pk: new for one, new in among if new and one.since == new.since and has_turned(one, new)}
    if turned:
        _advance(turned, now)
    return list(turned)


@transacted
def _begin(readings: Sequence[Reading], now: datetime) -> None:
    rows = Series.objects.bulk_create(Series(**vars(reading), at=now, days_until=utc_day(now)) for reading in readings)
    Sample.objects.bulk_create(_sample(series, now) for series in rows)


@transacted
def _advance(readings: Mapping[int, Reading], now: datetime) -> None:
    known = Series.objects.filter(pk__in=readings, at__lt=now)  # what was read later stays
    rows = list(known.select_for_update().order_by("pk"))
    for series in rows:
        carry_days(series, utc_day(now))
        series.at = now
        if has_turned(series, readings[series.pk]):
            series.forecast_at = None  # so it is made anew, whether it is due or not
        for name in LATEST:
            setattr(series, name, getattr(readings[series.pk], name))
    save(rows, "at", "forecast_at", *LATEST, "days_until", *BY_DAY)
    Sample.objects.bulk_create(_sample(series, now) for series in rows)


def save(rows: Sequence[Series], *columns: str) -> None:
    """Save these columns of many series, by one statement."""
    Series.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=columns)


def carry_days(series: Series, today: date) -> None:
    """Make the daily values of a series reach until this UTC day began: what held was still so."""
    days = (today - series.days_until).days
    if days <= 0:
        return
    for by_day, name in BY_DAY.items():
        if (value := getattr(series, name)) is not None:
            setattr(series, by_day, [*getattr(series, by_day), *[value] * min(days, DAYS)][-DAYS:])
    series.days_until = today


def utc_day(moment: datetime) -> date:
    """The day of a moment, in UTC."""
    return moment.astimezone(UTC).date()


def day_begins(day: date) -> datetime:
    """The moment at which a UTC day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _sample(series: Series, now: datetime) -> Sample:
    values = {name: getattr(series, name) for name in VALUES}
    return Sample(series=series, at=now, high=series.used, **values)
