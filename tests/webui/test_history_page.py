"""How a network filled up and when it will be full, as people see it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ipam.addressing import Family
from ipam.domain.insight import surveying
from ipam.domain.insight.forecasts import Forecast
from ipam.domain.insight.series_points import Point
from ipam.domain.insight.trend import Days, State
from ipam.domain.networks import addresses
from ipam.models import Network, Project
from tests.builders import IPV4, IPV6
from webui import charts

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def growing(clock: time_machine.Traveller, internet: Network, project: Project) -> Network:
    """Two IPv4 addresses more each day for twenty days, and one pair."""
    addresses.allocate(internet, project=project)
    for _ in range(20):
        surveying.run()
        clock.shift(86_400)
        addresses.allocate(internet, project=project, families=[IPV4], count=2)
    surveying.run()
    return internet


def test_page_shows_both_families_and_says_when(web: Client, growing: Network) -> None:
    page = web.get(f"/networks/{growing.pk}/history/").content.decode()
    assert "IPv4 runs out in about" in page
    assert "IPv6 does not change" in page
    assert page.count('class="lane family-') == 2
    assert "The same as a table" in page


def test_chart_is_one_statement(web: Client, growing: Network) -> None:
    with CaptureQueriesContext(connection) as captured:
        web.get(f"/networks/{growing.pk}/history/")
    assert len([one for one in captured if "ipam_sample" in one["sql"]]) == 1


def test_page_of_the_network_asks_for_the_chart(web: Client, growing: Network) -> None:
    assert f'hx-get="/networks/{growing.pk}/history/"' in web.get(f"/networks/{growing.pk}/").content.decode()
    part = web.get(f"/networks/{growing.pk}/history/", headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<section id="chart"')


def test_network_without_a_past_says_what_is_missing(web: Client, internet: Network) -> None:
    assert "There is no history yet" in web.get(f"/networks/{internet.pk}/history/").content.decode()


def test_nothing_that_runs_out_is_said(web: Client, internet: Network) -> None:
    assert "Nothing runs out" in web.get("/soonest/").content.decode()


def test_unknown_span_is_refused(web: Client, internet: Network) -> None:
    assert web.get(f"/networks/{internet.pk}/history/?days=1").status_code == 400


def test_overview_says_in_its_title_what_runs_out_first(web: Client, growing: Network) -> None:
    page = web.get("/").content.decode()
    assert f"<h1>{growing} runs out of IPv4 in " in " ".join(page.split())
    assert '<text class="stop-name"' in page


def test_every_row_of_a_roomy_list_has_a_sparkline(web: Client, growing: Network) -> None:
    pages = ("/", "/soonest/", "/networks/?density=roomy", f"/vrfs/{growing.vrf_id}/?density=roomy")
    assert [web.get(page).content.decode().count('class="spark"') for page in pages] == [1, 1, 2, 2]


def test_children_have_sparklines_too(
    web: Client, clock: time_machine.Traveller, tenants: Network, private: Network
) -> None:
    surveying.run()
    clock.shift(2 * 86_400)
    surveying.run()
    pages = ("/networks/tenants/?density=roomy", "/networks/?open=tenants&density=roomy")
    assert [web.get(page).content.decode().count('class="spark"') for page in pages] == [2, 4]


def test_network_that_takes_a_freed_id_has_no_past(
    web: Client, clock: time_machine.Traveller, growing: Network
) -> None:
    Network.objects.filter(pk=growing.pk).update(created_at=NOON + timedelta(days=20))
    assert 'class="spark"' not in web.get("/networks/?density=roomy").content.decode()


# --- geometry -------------------------------------------------------------------------------------
def forecast(full: Days | None, available: int = 50) -> Forecast:
    return Forecast(
        family=Family.IPV4,
        state=State.GROWING,
        as_of=NOON,
        per_day=1.0,
        available=available,
        available_prefixes=None,
        left=available,
        full=full,
        at_95=None,
        needs="",
        text="",
    )


def chart(full: Days | None, used: list[int], available: int = 50) -> charts.Chart:
    first = NOON - timedelta(days=len(used) - 1)
    points = [
        Point(at=first + timedelta(days=day), used=count, total=100, high=count) for day, count in enumerate(used)
    ]
    found = charts.of_network({IPV4: points}, {IPV4: forecast(full, available)}, since=first, now=NOON)
    assert found is not None
    return found


def test_lane_reaches_from_nothing_to_full() -> None:
    (lane,) = chart(Days(20, 25, 30), [0, 25, 50]).lanes
    assert (lane.y(0), lane.y(100), lane.now_y) == (lane.bottom, lane.top, (lane.top + lane.bottom) / 2)
    assert lane.is_whole


def test_fan_opens_to_the_range() -> None:
    (lane,) = chart(Days(20, 25, 30), [*range(0, 51)]).lanes
    assert lane.full_x is not None
    earliest, likely, latest = lane.full_x
    assert lane.axis.now_x < earliest < likely < latest <= charts.RIGHT
    assert lane.said == "full 21 Oct 2026 – 31 Oct 2026"


def test_date_out_of_sight_is_said_and_not_drawn() -> None:
    (lane,) = chart(Days(500, 800, None), [0, 1, 2]).lanes
    assert (lane.full_x, lane.said) == (None, "full from 13 Feb 2028 on, perhaps never")


def test_what_hardly_anything_is_taken_of_is_enlarged() -> None:
    (lane,) = chart(None, [0, 4, 8], available=2**64).lanes
    assert (lane.is_whole, lane.highest) == (False, 10)


@pytest.mark.parametrize(("full", "said"), [(Days(0, 0, 0), "full"), (None, "no date in sight")])
def test_lane_says_how_it_stands(full: Days | None, said: str) -> None:
    assert chart(full, [0, 50, 100]).lanes[0].said == said


def test_table_has_what_held_as_each_week_ended() -> None:
    assert chart(None, [3] * 10 + [5] * 8).rows == [
        (date(2026, 10, 1), ["5"]),
        (date(2026, 9, 24), ["5"]),
        (date(2026, 9, 17), ["3"]),
    ]


def test_nothing_is_drawn_without_a_past() -> None:
    now = Point(at=NOON, used=1, total=1, high=1, live=True)
    assert charts.of_network({IPV6: [now]}, {IPV6: forecast(None)}, since=NOON, now=NOON) is None
