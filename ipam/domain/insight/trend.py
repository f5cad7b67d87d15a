"""When something runs out: a robust trend of its use by day, and the range in which it is full in 8 of 10 cases.

Pure arithmetic on daily values. The trend is a Theil–Sen slope: one outlier, or one step, moves it by nothing. The
range is not Sen's own, which says only how well the slope is known: what happens until then wanders as well, and is
measured by how the weeks so far have differed from the trend.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

DAYS = 90  # of history that a trend is taken from
RECENT_DAYS = 30  # of which the latest trend is taken
MIN_DAYS, MIN_CHANGES = 14, 5  # of history, and days on which something changed, before anything is said
HORIZON_DAYS = 1_095  # what lies beyond is not in sight
_NEVER_DAYS = 36_500
_EIGHT_OF_TEN = 1.28  # standard deviations of a normal distribution on either side
_WEEK = 7
_SPREAD_OF_THE_REST = 0.79  # the standard deviation of a normal distribution without its largest tenth, over its own
_EXACT = 1 - 1e-12  # a rounding error makes no day


class State(StrEnum):
    FULL = "full"
    GROWING = "growing"
    FLAT = "flat"
    SHRINKING = "shrinking"
    TOO_LITTLE_HISTORY = "too_little_history"
    NOT_IN_SIGHT = "not_in_sight"


@dataclass(frozen=True)
class Days:
    """In how many whole days from now; `latest` is None when it may never come."""

    earliest: int
    likely: int
    latest: int | None


class Trend:
    """Where a daily series goes: one value a day, oldest first, the last of now; the last 91 are looked at.

    `per_day` may be negative. `missing_days` and `missing_changes` say what a longer history has to bring before a
    date can be said.
    """

    def __init__(self, values: Sequence[int]) -> None:
        self.values = values[-DAYS - 1 :]
        changes = sum(before != after for before, after in zip(self.values, self.values[1:], strict=False))
        self.is_still = len(self.values) > MIN_DAYS and len(set(self.values[-MIN_DAYS - 1 :])) == 1
        self.missing_days = max(0, MIN_DAYS + 1 - len(self.values))
        self.missing_changes = max(0, MIN_CHANGES - changes)
        self.per_day = slope(self.values)

    def state(self, left: int) -> State:
        """What to say where `left` (0 or more) remains; with a date in `growing` only."""
        if left <= 0:
            return State.FULL
        if self.is_still:
            return State.FLAT
        if self.missing_days or self.missing_changes:
            return State.TOO_LITTLE_HISTORY
        if self.per_day <= 0:
            return State.SHRINKING if self.per_day < 0 else State.FLAT
        return State.GROWING if self._likely(left) <= HORIZON_DAYS else State.NOT_IN_SIGHT

    def until(self, left: float) -> Days:
        """When a growing series has grown by `left` more; at once where that is 0 or less.

        The earliest day is that of the faster of the two trends, of 90 days and of 30, with all the spread; the
        latest that of the slower one, against it.
        """
        if left <= 0:
            return Days(0, 0, 0)
        recent, likely = slope(self.values[-RECENT_DAYS - 1 :]), self._likely(left)
        spread = _EIGHT_OF_TEN * self._spread()
        earliest = self._first_day(max(self.per_day, recent), spread, left)
        latest = self._first_day(min(self.per_day, recent), -spread, left)
        return Days(min(earliest or likely, likely), likely, None if latest is None else max(latest, likely))

    def _likely(self, left: float) -> int:
        return math.ceil(left / self.per_day * _EXACT)

    def _spread(self) -> float:
        """By how much a day differs from the trend: of all weeks, without the tenth that differs most.

        One outlier is in two of them, so two are left out at least.
        """
        pairs = zip(self.values, self.values[_WEEK:], strict=False)
        weeks = sorted(abs(float(after - before) - _WEEK * self.per_day) for before, after in pairs)
        kept = weeks[: -max(2, math.ceil(len(weeks) / 10))]
        if not kept:
            return 0.0
        return math.sqrt(sum(week * week for week in kept) / len(kept) / _WEEK) / _SPREAD_OF_THE_REST

    def _first_day(self, rate: float, spread: float, left: float) -> int | None:
        """The first whole day at which growth of `rate` a day, and the spread more or less, reaches `left`.

        The spread grows with the root of the days, as a random walk's does, and beyond the span of the history with
        the days: how far the slope itself may be wrong. None if that is never.
        """
        span = max(1, len(self.values) - 1)

        def grown(day: int) -> float:
            return rate * day + spread * math.sqrt(day + day * day / span)

        if grown(_NEVER_DAYS) < left:
            return None
        before, day = 0, _NEVER_DAYS  # it falls at first, if at all, and rises from then on: it is reached once
        while day - before > 1:
            middle = (before + day) // 2
            before, day = (middle, day) if grown(middle) < left * _EXACT else (before, middle)
        return day


def slope(values: Sequence[int]) -> float:
    """The median of the slopes between all pairs of values, per step (Theil 1950, Sen 1968); 0 for fewer than two."""
    if len(values) < 2 or len(set(values)) == 1:
        return 0.0
    above = [value - values[0] for value in values]  # small numbers, however large the values: floats are exact
    steps = range(1, len(above))
    return median(
        [(after - before) / step for step in steps for before, after in zip(above, above[step:], strict=False)]
    )
