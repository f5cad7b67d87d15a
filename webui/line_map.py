"""The line map: two tracks from today to a year ahead, a station for each network on the day on which it is full."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ipam.addressing import Family
from webui.timetable import Due

START, END = 236, 1118  # of 1140
_YEAR = 365
_NEAR = 7  # days over which the scale turns from even to logarithmic
_TICKS = ((7, "1 week"), (30, "1 month"), (91, "3 months"), (182, "6 months"), (365, "1 year"))
_TRACKS = {Family.IPV4: 128, Family.IPV6: 178}
_ROWS = {Family.IPV4: (50, 88), Family.IPV6: (222, 260)}  # where names may stand
_LETTER = 7.2  # as wide as one is, at most
MOST = 8  # of each family


@dataclass(frozen=True)
class Stop:
    """A station: where it is, between which days, and where its name stands. Of what is full there is one for all."""

    due: Due
    name: str
    x: float
    first: float
    last: float
    text_y: int
    anchor: str

    @property
    def text_x(self) -> float:
        if self.x == START:
            return START + 8  # beside the line of today
        return self.x - 4 if self.anchor == "start" else self.x + 4

    @property
    def lead(self) -> str:
        """From the track to the name."""
        y = _TRACKS[self.due.family]
        return f"M{self.x} {self.text_y + 22}V{y - 9}" if self.text_y < y else f"M{self.x} {y + 9}V{self.text_y - 16}"


@dataclass(frozen=True)
class Track:
    """The line of one family, with the stations that have room for a name."""

    family: Family
    left: str
    total: str
    stops: list[Stop]

    @property
    def y(self) -> int:
        return _TRACKS[self.family]

    @property
    def numeral(self) -> int:
        return int(self.family)


def x_of(day: int) -> float:
    """Where a day stands: even at first, logarithmic later."""
    share = math.log1p(min(day, _YEAR) / _NEAR) / math.log1p(_YEAR / _NEAR)
    return round(START + share * (END - START), 1)


def ticks() -> list[tuple[float, str, str]]:
    """Where the axis has lines, what they say, and how that is anchored."""
    return [(x_of(day), words, "end" if day == _YEAR else "middle") for day, words in _TICKS]


def track(family: Family, rows: Sequence[Due], *, left: str, total: str) -> Track:
    """The line of a family. Names take the first row that is free; without room a station has its row in the board."""
    ends = dict.fromkeys(_ROWS[family], -math.inf)
    stops = []
    near = [row for row in rows if row.family is family and row.full.likely <= _YEAR]
    full = sum(not row.full.likely for row in near)
    for due in [*near[:full][:1], *near[full:][:MOST]]:
        x = x_of(due.full.likely)
        name = f"{due.name} and {full - 1} more" if full > 1 and not due.full.likely else due.name
        width = _LETTER * max(len(name), len(f"{due.when} · {due.left} left"))
        anchor = "start" if x + width < END + 20 else "end"
        begins = x - 4 if anchor == "start" else x + 4 - width
        row = next((y for y, end in ends.items() if end + 12 < begins), None)
        if row is None:
            continue
        ends[row] = begins + width
        latest = _YEAR if due.full.latest is None else due.full.latest
        stops.append(Stop(due, name, x, x_of(due.full.earliest), x_of(latest), row, anchor))
    return Track(family, left, total, stops)
