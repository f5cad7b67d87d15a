"""Use over time as a picture: one lane per family over one axis, history in steps, the forecast as a fan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from ipam.addressing import Family
from ipam.domain.insight.forecasts import Forecast
from ipam.domain.insight.series_points import Point, Points
from ipam.domain.insight.trend import State
from webui.meters import humanize

LEFT, RIGHT = 74, 700  # of 720
_FIRST_TOP, _LANE, _GAP = 34, 120, 50
_AHEAD = 1.0  # at most as much time lies ahead as behind
_HARDLY = 0.02  # of all there is: less is shown enlarged, without the line at which it is full


@dataclass(frozen=True)
class Axis:
    """Moments from left to right."""

    since: datetime
    now: datetime
    until: datetime

    def x(self, moment: datetime) -> float:
        share = (min(moment, self.until) - self.since) / (self.until - self.since)
        return round(LEFT + share * (RIGHT - LEFT), 1)

    @property
    def now_x(self) -> float:
        return self.x(self.now)

    @property
    def now_plate(self) -> float:
        """Where the sign at today begins."""
        return self.now_x - 23

    @cached_property
    def months(self) -> list[tuple[float, str]]:
        """The beginnings of months that have room for their names."""
        first = self.since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        begins = []
        while first < self.until:
            first = (first + timedelta(days=32)).replace(day=1)
            begins.append(first)
        step = 1 + len(begins) // 12
        return [
            (self.x(one), f"{one:%b %Y}" if one.month == 1 else f"{one:%b}")
            for one in begins[::step]
            if self.x(one) < RIGHT - 8
        ]


@dataclass(frozen=True)
class Lane:
    """A family: what it used, what there was, and where it goes."""

    family: Family
    points: Sequence[Point]
    forecast: Forecast
    axis: Axis
    top: float

    @property
    def bottom(self) -> float:
        return self.top + _LANE

    @cached_property
    def counts(self) -> list[tuple[datetime, int]]:
        """What is counted: children of a super network, else addresses."""
        return [(one.at, one.used if one.used_prefixes is None else one.used_prefixes) for one in self.points]

    def count_at(self, moment: datetime) -> str:
        """What was taken then; empty before the first value."""
        before = [count for at, count in self.counts if at <= moment]
        return f"{before[-1]:,}" if before else ""

    @property
    def taken(self) -> int:
        return self.counts[-1][1]

    @property
    def room(self) -> int:
        """How many there can be in all, as things are now."""
        return self.taken + self.forecast.left

    @cached_property
    def highest(self) -> int:
        """The value at the top of the lane."""
        most = max(count for _, count in self.counts)
        return max(most, self.room) if most > self.room * _HARDLY else max(1, most * 5 // 4)

    @property
    def is_whole(self) -> bool:
        """Whether the top of the lane is where it is full."""
        return self.highest >= self.room

    @property
    def ticks(self) -> list[tuple[float, str]]:
        return [(self.y(count), humanize(count)) for count in (0, self.highest // 2, self.highest)]

    def y(self, count: float) -> float:
        return round(self.bottom - _LANE * min(1.0, count / self.highest), 1)

    @cached_property
    def line(self) -> str:
        """Steps: each value holds until the next."""
        (at, count), *later = self.counts
        steps = [f"H{self.axis.x(at)}V{self.y(count)}" for at, count in later]
        return f"M{self.axis.x(at)} {self.y(count)}" + "".join(steps)

    @property
    def area(self) -> str:
        return f"{self.line}V{self.bottom}H{self.axis.x(self.counts[0][0])}Z"

    @property
    def now_y(self) -> float:
        return self.y(self.taken)

    @property
    def full_x(self) -> tuple[float, float, float] | None:
        """Where it is full at the earliest, most likely and at the latest; None where that is nowhere in sight."""
        full = self.forecast.full
        if full is None or not self.is_whole or not full.likely:
            return None
        if self.axis.now + timedelta(days=full.likely) > self.axis.until:
            return None
        latest = full.latest if full.latest is not None else 36_500
        days = (full.earliest, full.likely, latest)
        earliest, likely, last = (self.axis.x(self.axis.now + timedelta(days=min(day, 36_500))) for day in days)
        return earliest, likely, last

    @property
    def fan(self) -> str:
        """From now to the range in which it is full."""
        earliest, _, latest = self.full_x or (0, 0, 0)
        return f"M{self.axis.now_x} {self.now_y}L{earliest} {self.top}H{latest}Z"

    @property
    def said(self) -> str:
        """The range in words."""
        full = self.forecast.full
        if full is None:
            is_young = self.forecast.state == State.TOO_LITTLE_HISTORY
            return "too little history" if is_young else "no date in sight"
        if not full.likely:
            return "full"
        earliest = _day(self.axis.now + timedelta(days=full.earliest))
        if full.latest is None:
            return f"full from {earliest} on, perhaps never"
        latest = _day(self.axis.now + timedelta(days=full.latest))
        return f"full {earliest}" if earliest == latest else f"full {earliest} – {latest}"


@dataclass(frozen=True)
class Chart:
    """Both lanes of a network, and the same as a table."""

    axis: Axis
    lanes: list[Lane]

    @property
    def height(self) -> float:
        return self.lanes[-1].bottom + 30

    @property
    def floor(self) -> float:
        return self.lanes[-1].bottom

    @property
    def rows(self) -> list[tuple[date, list[str]]]:
        """What held as each week ended, newest first, of each lane: a value holds until the next."""
        ends = [self.axis.now]
        while (end := ends[-1] - timedelta(days=7)) >= self.axis.since:
            ends.append(end)
        return [(end.date(), [lane.count_at(end) for lane in self.lanes]) for end in ends]


def of_network(points: Points, forecasts: Mapping[Family, Forecast], *, since: datetime, now: datetime) -> Chart | None:
    """The chart of a network; None while there is no past to draw."""
    shown = [family for family in points if len(points[family]) > 1]
    if not shown:
        return None
    axis = Axis(since, now, now + _ahead(forecasts.values(), now - since))
    tops = range(_FIRST_TOP, _FIRST_TOP + len(shown) * (_LANE + _GAP), _LANE + _GAP)
    lanes = [
        Lane(family, points[family], forecasts[family], axis, top) for family, top in zip(shown, tops, strict=True)
    ]
    return Chart(axis, lanes)


def _ahead(forecasts: Iterable[Forecast], past: timedelta) -> timedelta:
    """As much of what is to come as shows the forecasts, within bounds."""
    days = [one.full.latest or one.full.likely * 2 for one in forecasts if one.full]
    wanted = timedelta(days=1.15 * min(max(days, default=0), 36_500))
    return min(max(wanted, past * 0.12), past * _AHEAD)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"
