"""When each network is full: the rows of a timetable, and the sentence that they amount to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ipam.addressing import Family
from ipam.domain.insight.forecasts import urgency
from ipam.domain.insight.trend import Days
from ipam.models import Finding, Network, Series
from webui.meters import humanize, sparkline, units, width_of

_STATES = {Finding.Severity.SERIOUS: "bad", Finding.Severity.WARNING: "warn"}
MOST = 100  # that are full, and as many that are next: what is read, whatever is shown of it
_BY_DAY = 60  # days that a range may be long and is still told by its days
_YEAR = 365
_UNITS = ((21, 1, "day"), (80, 7, "week"), (700, 30.4, "month"))  # up to so many days, how long one is, its name
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


@dataclass(frozen=True)
class Due:
    """A family of a network, and in which days it is full."""

    series: Series
    network: Network | None
    full: Days
    today: date

    @property
    def family(self) -> Family:
        return Family(self.series.family)

    @property
    def key(self) -> str:
        return self.series.network_id

    @property
    def name(self) -> str:
        return str(self.network or self.key)

    @property
    def place(self) -> str:
        """What kind of network it is, and where."""
        if self.network is None:
            return ""
        partition = self.network.partition
        return self.network.get_type_display() + (f" · {partition.display_name}" if partition else "")

    @property
    def width(self) -> float:
        return width_of(self.series.utilization)

    @property
    def left(self) -> str:
        """As the last survey had it: children of the default length of a super network, else addresses."""
        if self.series.available_prefixes is None:
            return units(self.family, self.series.available or 0)
        lengths = self.network.default_child_prefix_length if self.network else {}
        length = lengths.get(self.family)
        left = humanize(self.series.available_prefixes)
        return f"{left} × /{length}" if length else f"{left} {'child' if left == '1' else 'children'}"

    @property
    def path(self) -> str:
        return sparkline([*self.series.used_by_day, self.series.used], self.series.used + (self.series.available or 0))

    @property
    def state(self) -> str:
        """How pressing it is."""
        return pressing(self.full, self.series.utilization)

    @property
    def when(self) -> str:
        return span(self.full)

    @property
    def by(self) -> str:
        """The days between which that is, as dates."""
        return between(self.full, self.today)


def pressing(full: Days, utilization: float) -> str:
    """How it is marked that something is full then: `bad`, `warn` or nothing."""
    severity = urgency(full, utilization)
    return _STATES[severity] if severity else ""


def span(full: Days) -> str:
    """A range of days in the unit that suits it: `3–6 days`, `5–7 weeks`, `3+ months`."""
    if not full.likely:
        return "full"
    length, word = next(((length, word) for most, length, word in _UNITS if full.likely <= most), (365.25, "year"))
    first = round(full.earliest / length)
    if full.latest is None:
        return f"{max(first, 1)}+ {word}s"
    last = max(round(full.latest / length), first, 1)
    return f"{last} {word}{'s' * (last != 1)}" if first == last else f"{first}–{last} {word}s"


def between(full: Days, today: date) -> str:
    """The days between which something is full, as dates."""
    if not full.likely:
        return "now"
    earliest = today + timedelta(days=full.earliest)
    return f"from {earliest:%b %Y}" if full.latest is None else dates(earliest, today + timedelta(days=full.latest))


def dates(first: date, last: date) -> str:
    """Two days as people write them: `2–5 Dec`, `28 Feb – 4 Mar`, `Feb–Apr 2027`."""
    if (last - first).days > _BY_DAY:
        if first.year == last.year:
            return f"{first:%b}–{last:%b %Y}"
        return f"{first:%b %Y} – {last:%b %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {last:%b}" if first != last else f"{first.day} {first:%b}"
    return f"{first.day} {first:%b} – {last.day} {last:%b}"


def sentence(rows: Sequence[Due]) -> str:
    """What runs out, in one sentence: the title of the overview."""
    if not rows:
        return "Nothing runs out, as far as can be said"
    full = len({row.key for row in rows if not row.full.likely})
    later = [row for row in rows if 0 < row.full.likely <= _YEAR]
    if full:
        words = _NUMBERS[full] if full < len(_NUMBERS) else f"{full}" if full < MOST else f"{MOST} or more"
        said = f"{words} network{'s are' if full > 1 else ' is'} full"
        return f"{said}, the next is {later[0].name} in {later[0].when}" if later else said
    if not later:
        return "No network runs out within a year"
    return f"{later[0].name} runs out of {later[0].family.label} in {later[0].when}"
