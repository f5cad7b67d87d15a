"""When networks are full, in words and on the line map."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from ipam.addressing import Family
from ipam.domain.insight import forecasts
from ipam.domain.insight.trend import Days
from ipam.models import Finding, Network, Series
from webui import line_map, timetable
from webui.timetable import Due

Severity = Finding.Severity
TODAY = date(2026, 11, 29)


def due(name: str, full: Days, family: Family = Family.IPV4) -> Due:
    series = Series(network_id=name, family=int(family), used=9, available=1, utilization=0.5)
    return Due(series, Network(pk=name, name=name), full, TODAY)


@pytest.mark.parametrize(
    ("full", "said"),
    [
        (Days(0, 0, 0), "full"),
        (Days(1, 1, 1), "1 day"),
        (Days(3, 4, 6), "3–6 days"),
        (Days(35, 41, 50), "5–7 weeks"),
        (Days(92, 110, 120), "3–4 months"),
        (Days(102, 405, None), "3+ months"),
        (Days(400, 1000, 2200), "1–6 years"),
    ],
)
def test_range_is_said_in_the_unit_that_suits_it(full: Days, said: str) -> None:
    assert timetable.span(full) == said


@pytest.mark.parametrize(
    ("lengths", "left", "said"),
    [({"ipv4": 22}, 3, "3 × /22"), ({"ipv6": 64}, 3, "3 children"), ({}, 1, "1 child")],
)
def test_what_is_left_of_a_super_network_is_how_many_children(lengths: dict[str, int], left: int, said: str) -> None:
    row = due("a", Days(3, 4, 6))
    row.series.available_prefixes = left
    columns = {f"default_child_length_{family}": length for family, length in lengths.items()}
    assert replace(row, network=Network(pk="a", **columns)).left == said


@pytest.mark.parametrize(
    ("days", "share", "severity"),
    [(14, 0.5, Severity.SERIOUS), (15, 0.5, Severity.WARNING), (60, 0.5, Severity.WARNING), (61, 0.5, None),
     (61, 0.95, Severity.WARNING)],
)  # fmt: skip
def test_urgency_is_by_days_and_by_what_is_taken(days: int, share: float, severity: Severity | None) -> None:
    assert forecasts.urgency(Days(days, days, days), share) == severity


@pytest.mark.parametrize(
    ("full", "said"),
    [
        (Days(3, 4, 6), "2–5 Dec"),
        (Days(1, 4, 6), "30 Nov – 5 Dec"),
        (Days(60, 100, 130), "Jan–Apr 2027"),
        (Days(10, 100, 200), "Dec 2026 – Jun 2027"),
        (Days(60, 100, None), "from Jan 2027"),
    ],
)
def test_range_is_two_days(full: Days, said: str) -> None:
    assert timetable.between(full, TODAY) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "Nothing runs out, as far as can be said"),
        ([due("a", Days(0, 0, 0))], "One network is full"),
        ([due("a", Days(0, 0, 0)), due("b", Days(3, 4, 6))], "One network is full, the next is b in 3–6 days"),
        ([due("a", Days(0, 0, 0)), due("a", Days(0, 0, 0), Family.IPV6)], "One network is full"),
        ([due("a", Days(3, 4, 6), Family.IPV6)], "a runs out of IPv6 in 3–6 days"),
        ([due("a", Days(400, 500, 600))], "No network runs out within a year"),
    ],
)
def test_title_is_what_runs_out(rows: list[Due], said: str) -> None:
    assert timetable.sentence(rows) == said


def test_line_map_ends_after_a_year_and_its_names_never_meet() -> None:
    rows = [due(f"network-{day}", Days(day, day, day)) for day in (*range(0, 60, 4), 364, 366)]
    stops = line_map.track(Family.IPV4, rows, left="", total="").stops
    assert [stop.x for stop in stops] == sorted(stop.x for stop in stops)
    assert max(stop.x for stop in stops) <= line_map.END
    full = [due(f"full-{number}", Days(0, 0, 0)) for number in range(3)]
    first, second = line_map.track(Family.IPV4, [*full, *rows[1:2]], left="", total="").stops
    assert (first.name, second.name) == ("full-0 and 2 more", "network-4")
    for y in {stop.text_y for stop in stops}:
        places = [stop.x for stop in stops if stop.text_y == y]
        assert all(after - before > 80 for before, after in pairwise(places))
