"""The time that points of a series are asked for, and the steps that they come in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from ipam import errors
from ipam.domain.insight.series import utc_day

DEFAULT_SPAN = timedelta(days=90)
STEPS: Mapping[str, Callable[[datetime], object]] = {
    "raw": lambda moment: moment,
    "day": utc_day,
    "week": lambda moment: utc_day(moment).isocalendar()[:2],
    "month": lambda moment: (utc_day(moment).year, utc_day(moment).month),
}


@dataclass(frozen=True)
class Period:
    """From `since` on, until before `until`; None is now. `step` is one of `STEPS`; None: the finest that fits.

    Invalid where it ends before it begins, or has not begun.
    """

    since: datetime
    until: datetime | None
    step: str | None = None

    def __post_init__(self) -> None:
        if self.until and self.until <= self.since:
            raise errors.Invalid("until comes after since. Correct one of both.", field="until")
        if self.since > timezone.now():
            raise errors.Invalid("since has not come yet. Give a time that has passed.", field="since")
