"""When a family of a network runs out: forecasts that surveys keep, and what is said of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, DateField, F, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access, bulk_insert
from ipam.domain.core.operations import transacted
from ipam.domain.insight import forecast_texts
from ipam.domain.insight import series as all_series
from ipam.domain.insight.findings import FULL
from ipam.domain.insight.series import Reading
from ipam.domain.insight.trend import Days, State, Trend
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Finding, IPAddress, Network, Series

SOON, PRESSING = 60, 14  # days until a family is full, from which on somebody should look, and at once
KEPT = timedelta(hours=23)  # a forecast is made once a day, by the first of the hourly surveys after that
_HOLDS = timedelta(days=2)  # the day after many networks came at once, the last of them wait for so long
_HOURS = 24
_AT_LEAST = 500  # old forecasts that a survey makes anew; beyond, a day's share
_HIGH = Fraction(95, 100)
_FORECAST = (
    "forecast_at", "state", "per_day", "missing_days", "missing_changes",
    "full_earliest", "full_likely", "full_latest", "at_95_earliest", "at_95_likely", "at_95_latest",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is said of a family; days are whole, from now."""

    family: Family
    state: State
    as_of: datetime
    per_day: float
    available: int
    available_prefixes: int | None
    left: int
    full: Days | None
    at_95: Days | None
    needs: str
    text: str


def of_network(network: Network, uses: list[FamilyUse]) -> dict[Family, Forecast]:
    """The forecast of each family of a network whose use of this moment is known; one statement.

    As surveys kept it, or made now where it holds no longer, is old, or never was.
    """
    found = Series.objects.of_networks().filter(network_id=network.pk, since=network.created_at)
    known, now = {one.family: one for one in found}, timezone.now()
    readings = all_series.of_networks([network], {network.pk: uses})
    return {
        use.family: _said(_current(known.get(use.family), reading, now), use, now)
        for use, reading in zip(uses, readings, strict=True)
    }


def first_by_time(forecasts: dict[Family, Forecast]) -> Family | None:
    """The family that is full first; None where none has a date."""
    dated = [(found.full.likely, family) for family, found in forecasts.items() if found.full]
    return min(dated)[1] if dated else None


def soonest(limit: int, among: QuerySet[Network] | None = None, *, by_partition: bool = False) -> list[Series]:
    """The families of networks, or of those `among` them, that run out first, each with the `name` of its network; one
    statement. At most `limit` that are full, then as many that are next; `by_partition` also the first of each.

    Whoever sees but some projects is told of the networks of these, and of those that they have taken from.
    """
    own = Network.objects.filter(pk=OuterRef("network_id"))
    seen, who = access.visible(Series.objects.with_date()), access.current()
    if not who.sees_everything:
        seen = seen.filter(network_id__in=_used_by(who.projects))
    if among is not None:
        seen = seen.filter(network_id__in=among.order_by().values("pk"))
    dated = seen.annotate(
        name=Subquery(own.values("name")),
        is_later=Case(When(state=State.FULL, then=Value(0)), default=Value(1)),
        place=Window(RowNumber(), partition_by=F("is_later"), order_by=["full_likely", "id"]),
    )
    shown = Q(place__lte=limit)
    if by_partition:
        order = ["is_later", "full_likely", "id"]
        dated = dated.annotate(partition=Subquery(own.values("partition")))
        dated = dated.annotate(there=Window(RowNumber(), partition_by=F("partition"), order_by=order))
        shown |= Q(there=1)
    return list(dated.filter(shown).order_by("is_later", "full_likely", "id"))


def _used_by(projects: Collection[UUID]) -> Any:
    """The keys of networks of these projects, and of those that they have addresses in or children out of."""
    own = Q(project__in=projects)
    children, held = Network.objects.filter(own).values("parent"), IPAddress.objects.filter(own).values("network")
    return Network.objects.filter(own | Q(pk__in=children) | Q(pk__in=held)).order_by().values("pk")


def urgency(full: Days, utilization: float) -> Finding.Severity | None:
    """How pressing it is that a family is full then: serious within two weeks, a warning within 60 days or where 95 %
    is taken by now; None: there is time.
    """
    if full.likely <= PRESSING:
        return Finding.Severity.SERIOUS
    return Finding.Severity.WARNING if full.likely <= SOON or utilization >= FULL else None


def first_full(family: Family | None = None, *, descending: bool = False) -> Any:
    """To order networks by: the day on which the first of their families, or this one, is full; none is last."""
    own = Series.objects.with_date().filter(network_id=OuterRef("pk"), **({"family": family} if family else {}))
    none = Value(date.min if descending else date.max)
    return Coalesce(Subquery(own.values("full_likely")[:1]), none, output_field=DateField())


def count_states() -> dict[tuple[Family, State], int]:
    """How many families of networks there are of which the last surveys said this or that; one statement."""
    said = Series.objects.of_networks().exclude(forecast_at=None).order_by().values_list("family", "state")
    return {(Family(family), State(state)): number for family, state, number in said.annotate(number=Count("pk"))}


def days_until(day: date, now: datetime) -> int:
    """Whole days from now until a day that was forecast; 0 when it has come."""
    return max(0, (day - all_series.utc_day(now)).days)


def keep_due(now: datetime) -> None:
    """Make the forecasts that are missing or hold no longer, and of those that are a day old a day's share: so each
    survey has as much to do.
    """
    every = Series.objects.of_networks().values_list("pk", flat=True)
    most = max(_AT_LEAST, ceil(every.count() / _HOURS))
    old = every.filter(forecast_at__lte=now - KEPT).order_by("forecast_at", "pk")[:most]
    for batch in bulk_insert.batches([*every.filter(forecast_at=None), *old], _AT_LEAST):
        _keep(batch, now)


def follow(readings: Iterable[Reading], now: datetime) -> None:
    """Between surveys: what is full by now says so, and what got space says until when that lasts."""
    if turned := all_series.follow(readings, now):
        _keep(turned, now)


@transacted
def _keep(keys: list[int], now: datetime) -> None:
    rows = list(Series.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    for one in rows:
        predict(one, now)
    all_series.save(rows, *_FORECAST, "days_until", *all_series.BY_DAY)


def predict(one: Series, now: datetime) -> None:
    """Set the forecast of a network's series, from its values by day and what holds now."""
    today = all_series.utc_day(now)
    all_series.carry_days(one, today)
    used = Trend([*one.used_by_day, one.used])
    left, filling = one.available or 0, used
    if one.available_prefixes is not None:  # which fragmentation brings to an end sooner than addresses
        left, filling = (
            one.available_prefixes,
            Trend([-left for left in (*one.prefixes_by_day, one.available_prefixes)]),
        )
    state = filling.state(left)
    is_dated = state in (State.GROWING, State.FULL)
    full = filling.until(left) if is_dated else None
    near = ceil(_HIGH * (one.used + (one.available or 0))) - one.used
    at_95 = used.until(near) if is_dated and (near <= 0 or used.per_day > 0) else None
    one.forecast_at, one.state, one.per_day = now, state, used.per_day
    one.missing_days, one.missing_changes = filling.missing_days, filling.missing_changes
    for name, days in (("full", full), ("at_95", at_95)):
        for when in ("earliest", "likely", "latest"):
            number = getattr(days, when, None)
            setattr(one, f"{name}_{when}", None if number is None else today + timedelta(days=number))


def _current(known: Series | None, reading: Reading, now: datetime) -> Series:
    """A series with a forecast that holds, made of what is used and left now where it has none."""
    is_new = known is not None and known.forecast_at is not None and known.forecast_at > now - _HOLDS
    if known is not None and is_new and not all_series.has_turned(known, reading):
        return known
    one = known or Series(at=now, days_until=all_series.utc_day(now))
    all_series.carry_days(one, all_series.utc_day(now))
    for name, value in vars(reading).items():
        setattr(one, name, value)
    predict(one, now)
    return one


def _said(one: Series, use: FamilyUse, now: datetime) -> Forecast:
    """What a forecast says, with what is left now."""
    state = State(one.state)
    full, at_95 = kept_days(one, "full", now), kept_days(one, "at_95", now)
    needs = forecast_texts.needs(one) if state == State.TOO_LITTLE_HISTORY else ""
    return Forecast(
        family=use.family,
        state=state,
        as_of=one.forecast_at or now,
        per_day=one.per_day,
        available=use.available_ips,
        available_prefixes=use.available_prefixes,
        left=use.left,
        full=full,
        at_95=at_95,
        needs=needs,
        text=forecast_texts.sentence(use, state, one.per_day, full, needs),
    )


def kept_days(one: Series, name: str, now: datetime) -> Days | None:
    """The days, from now, until it is `full` or `at_95`, as they were kept; None where there is no date.

    A day whose date has come since is the next one: it is not full yet.
    """
    likely, latest = getattr(one, f"{name}_likely"), getattr(one, f"{name}_latest")
    if likely is None:
        return None
    least = int(name == "full" and one.state != State.FULL)
    earliest, then = (max(least, days_until(day, now)) for day in (getattr(one, f"{name}_earliest"), likely))
    return Days(earliest, then, None if latest is None else max(then, days_until(latest, now)))
