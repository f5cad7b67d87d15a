"""When a network changed: the line of the last days above its map, a tick for each change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.insight.trend import DAYS


@dataclass(frozen=True)
class Moments:
    """The days on which each family changed, and the day as which the map is drawn: today, or one before."""

    changes: Mapping[Family, Sequence[date]]
    drawn: date
    today: date

    @classmethod
    def of(cls, changes: Mapping[Family, Sequence[date]], at: datetime | None) -> "Moments":
        """Those around the moment that is drawn; None: now."""
        today = timezone.now().date()
        return cls(changes, at.date() if at else today, today)

    @property
    def first(self) -> date:
        return self.today - timedelta(days=DAYS)

    @property
    def here(self) -> int:
        """Where the day that is drawn lies on the line, 0..90."""
        return max(0, DAYS - (self.today - self.drawn).days)

    @property
    def ticks(self) -> list[tuple[Family, str]]:
        """A path for each family: IPv4 above the line, IPv6 below."""
        return [
            (family, "".join(f"M{(day - self.first).days} {2 if family is Family.IPV4 else 13}v9" for day in days))
            for family, days in self.changes.items()
        ]

    @property
    def earlier(self) -> date | None:
        """The last day before the one that is drawn on which something changed: the map as that day began differs."""
        return max((day for day in self._days if day < self.drawn), default=None)

    @property
    def later(self) -> date | None:
        """The next day after the one that is drawn on which something changed; None where that leads to now."""
        return min((day for day in self._days if day > self.drawn), default=None)

    @property
    def number(self) -> int:
        return len(self._days)

    @property
    def _days(self) -> set[date]:
        return {day for days in self.changes.values() for day in days if day >= self.first}
