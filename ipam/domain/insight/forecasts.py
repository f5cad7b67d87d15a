"""When a family of a network runs out: forecasts that surveys keep, and what is said of them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from django.db.models import Count, DateField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access, bulk_insert
from ipam.domain.core.operations import transacted
from ipam.domain.insight import series as all_series
from ipam.domain.insight.findings import FULL
from ipam.domain.insight.series import Reading
from ipam.domain.insight.trend import Days, State, Trend
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Finding, Network, Series
from ipam.wording import count_of

SOON, PRESSING = 60, 14  # days until a family is full, from which on somebody should look, and at once
KEPT = timedelta(hours=23)  # a forecast is made once a day, by the first of the hourly surveys after that
_HOURS = 24
_AT_LEAST = 500  # forecasts of a survey; beyond, a day's share
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
    full: Days | None
    at_95: Days | None
    needs: str
    text: str


def of_network(network: Network, uses: list[FamilyUse]) -> dict[Family, Forecast]:
    """The forecast of each family of a network whose use of this moment is known; one statement.

    As the last survey kept it, or made now where that is more than a day ago, or never was.
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


def soonest(limit: int, among: QuerySet[Network] | None = None) -> list[Series]:
    """The families of networks, or of those among them, that the caller may see and that run out first, each with the
    `name` of its network.
    """
    name = Subquery(Network.objects.filter(pk=OuterRef("network_id")).values("name"))
    dated = Series.objects.with_date()
    asked = dated if among is None else dated.filter(network_id__in=among.order_by().values("pk"))
    return list(access.visible(asked).annotate(name=name)[:limit])


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
    """Make the forecasts that are a day old: a day's share of them, so that each survey has as much to do."""
    due = Series.objects.of_networks().filter(Q(forecast_at=None) | Q(forecast_at__lte=now - KEPT))
    most = max(_AT_LEAST, ceil(Series.objects.of_networks().count() / _HOURS))
    keys = due.order_by(F("forecast_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:most]
    for batch in bulk_insert.batches(list(keys), _AT_LEAST):
        _keep(batch, now)


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
    """A series with a forecast that is at most a day old, made of what is used and left now where it has none."""
    if known is not None and known.forecast_at and known.forecast_at > now - timedelta(days=1):
        return known
    one = known or Series(at=now, days_until=all_series.utc_day(now))
    all_series.carry_days(one, all_series.utc_day(now))
    for name, value in vars(reading).items():
        setattr(one, name, value)
    predict(one, now)
    return one


def _said(one: Series, use: FamilyUse, now: datetime) -> Forecast:
    """What a forecast says, with what is left now: what is full says so at once."""
    left = use.available_ips if use.available_prefixes is None else use.available_prefixes
    state = State(one.state) if left else State.FULL
    full, at_95 = kept_days(one, "full", now), kept_days(one, "at_95", now)
    if not left:
        full = at_95 = Days(0, 0, 0)
    needs = _needs(one) if state == State.TOO_LITTLE_HISTORY else ""
    return Forecast(
        family=use.family,
        state=state,
        as_of=one.forecast_at or now,
        per_day=one.per_day,
        available=use.available_ips,
        available_prefixes=use.available_prefixes,
        full=full,
        at_95=at_95,
        needs=needs,
        text=_sentence(use, state, one.per_day, full, needs),
    )


def kept_days(one: Series, name: str, now: datetime) -> Days | None:
    """The days, from now, until it is `full` or `at_95`, as they were kept; None where there is no date."""
    likely, latest = getattr(one, f"{name}_likely"), getattr(one, f"{name}_latest")
    if likely is None:
        return None
    earliest = days_until(getattr(one, f"{name}_earliest"), now)
    return Days(earliest, days_until(likely, now), None if latest is None else days_until(latest, now))


def _needs(one: Series) -> str:
    missing = []
    if one.missing_days:
        missing.append(f"{count_of(one.missing_days, 'more day')} of surveys")
    if one.missing_changes:
        missing.append(f"changes on {count_of(one.missing_changes, 'more day')}")
    return " and ".join(missing)


def when(full: Days) -> str:
    """When something is full, in words: `in 41 days (33 to 58)`."""
    return f"in {count_of(full.likely, 'day')}{_range(full)}" if full.likely else "now"


def _sentence(use: FamilyUse, state: State, per_day: float, full: Days | None, needs: str) -> str:
    """The forecast in words."""
    name = use.family.label
    number = f"{abs(per_day):,.3g}" if abs(per_day) < 1000 else f"{abs(per_day):,.0f}"
    rate = f"{number} address{'' if number == '1' else 'es'} a day"
    match state:
        case State.FULL:
            what = "No address is left" if use.available_prefixes is None else "No child of the default length fits"
            return f"{name} is full. {what}: add a prefix, or release what is unused."
        case State.GROWING if full is not None:
            return f"{name} runs out in about {count_of(full.likely, 'day')}{_range(full)}."
        case State.FLAT:
            return f"{name} does not change: it will not run out by itself."
        case State.SHRINKING:
            return f"{name} gets emptier, by {rate}."
        case State.NOT_IN_SIGHT:
            return f"{name} grows by {rate}: that lasts for more than three years."
        case _:
            return f"Too little history of {name} for a forecast: {needs} are needed."


def _range(full: Days) -> str:
    if full.latest is None:
        return f", not before {count_of(full.earliest, 'day')} and perhaps never"
    return "" if full.earliest == full.latest else f" ({full.earliest:,} to {full.latest:,})"
