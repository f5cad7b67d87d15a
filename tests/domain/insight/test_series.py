"""What surveys keep over time: samples of what differs, days, forecasts; and what they forget."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ipam import errors
from ipam.domain.insight import forecasts, judging, series_points, surveying
from ipam.domain.insight.periods import Period
from ipam.domain.insight.series_points import NewPoint
from ipam.domain.insight.trend import Days, State
from ipam.domain.networks import addresses, networks, projects
from ipam.domain.space import utilization
from ipam.models import Event, Network, Project, Sample, Series, Survey
from tests.builders import IPV4, IPV6, child, cidrs, external
from tests.callers import asked_by_nobody

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
Clock = time_machine.Traveller


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def narrow(clock: Clock, db: None) -> Network:
    """A network of 254 IPv4 addresses, made on 1 October at noon."""
    return networks.create(external(id="narrow", vrf=7, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=[]))


def of(network: Network, family: int = 4) -> Series:
    return Series.objects.open().get(network_id=network.pk, family=family)


def use(network: Network, project: Project, count: int) -> None:
    addresses.allocate(network, project=project, families=[IPV4], count=count)


def used(network: Network) -> list[int]:
    return list(Sample.objects.filter(series__network_id=network.pk).order_by("at").values_list("used", flat=True))


# --- samples --------------------------------------------------------------------------------------
def test_sample_is_kept_only_where_a_value_differs(clock: Clock, narrow: Network, project: Project) -> None:
    surveying.run()
    clock.shift(3600)
    surveying.run()
    use(narrow, project, 3)
    clock.shift(3600)
    surveying.run()
    assert used(narrow) == [0, 3]


def test_counts_beyond_64_bits_are_exact(clock: Clock, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project))
    surveying.run()
    (sample,) = of(tenants, 6).samples.all()
    assert (sample.used, sample.total) == (2**32, 2**64)


def test_super_network_also_has_prefixes(clock: Clock, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project))
    surveying.run()
    (sample,) = of(tenants).samples.all()
    assert (sample.used_prefixes, sample.available_prefixes) == (1, 63)


def test_network_that_takes_a_freed_id_begins_a_new_series(clock: Clock, narrow: Network, project: Project) -> None:
    surveying.run()
    networks.delete(narrow)
    clock.shift(60)
    again = networks.create(external(id="narrow", vrf=7, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=[]))
    use(again, project, 1)
    surveying.run()
    assert [one.used for one in of(again).samples.all()] == [1]
    assert Series.objects.filter(network_id="narrow", ended__isnull=False).count() == 1


def test_series_ends_with_its_network(clock: Clock, narrow: Network) -> None:
    surveying.run()
    networks.delete(narrow)
    surveying.run()
    assert not Series.objects.of_networks().exists()
    assert used(narrow) == [0]


def test_project_has_series_of_what_it_holds(clock: Clock, narrow: Network, project: Project) -> None:
    use(narrow, project, 2)
    surveying.run()
    for address in narrow.addresses.all():
        addresses.release(address)
    clock.shift(3600)
    surveying.run()
    (one,) = Series.objects.filter(project_id=project.pk)
    assert [sample.used for sample in one.samples.all()] == [2, 0]


def test_survey_writes_in_as_many_statements_for_one_network_as_for_many(
    clock: Clock, narrow: Network, project: Project
) -> None:
    surveying.run()

    def cost() -> int:
        clock.shift(3600)
        use(narrow, project, 1)
        for network in Network.objects.exclude(pk="narrow"):
            use(network, project, 1)
        with CaptureQueriesContext(connection) as captured:
            surveying.run()
        return len(captured)

    cost()
    few = cost()
    for number in range(12):
        networks.create(
            external(id=f"n{number}", vrf=10 + number, prefixes=cidrs(f"10.{number}.0.0/24"), destination_prefixes=[])
        )
    surveying.run()
    assert cost() == few


# --- days and forecasts ---------------------------------------------------------------------------
def grow(clock: Clock, network: Network, project: Project, days: int) -> None:
    for _ in range(days):
        surveying.run()
        clock.shift(86_400)
        use(network, project, 2)
    surveying.run()


def forecast(network: Network) -> forecasts.Forecast:
    return forecasts.of_network(network, utilization.of_network(network))[IPV4]


def test_straight_line_is_forecast_exactly(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 20)
    found = forecast(narrow)
    assert (found.state, found.per_day, found.full) == (State.GROWING, 2.0, Days(107, 107, 107))
    assert found.text == "IPv4 runs out in about 107 days."


def test_days_of_a_kept_forecast_are_counted_from_now(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 20)
    kept = of(narrow)
    assert kept.full_likely == date(2026, 10, 21) + timedelta(days=107)
    clock.shift(86_400 / 2)
    assert forecasts.kept_days(kept, "full", datetime(2026, 10, 25, tzinfo=UTC)) == Days(103, 103, 103)


def test_values_hold_until_the_next_survey_that_finds_others(clock: Clock, narrow: Network, project: Project) -> None:
    use(narrow, project, 1)
    surveying.run()
    clock.shift(3 * 86_400)
    use(narrow, project, 1)
    surveying.run()
    assert of(narrow).used_by_day == [1, 1, 1]


def test_what_has_just_filled_up_is_full_whatever_was_forecast(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 20)
    use(narrow, project, 214)
    found = forecast(narrow)
    assert (found.state, found.full, found.available) == (State.FULL, Days(0, 0, 0), 0)


def test_network_that_no_survey_has_seen_has_too_little_history(clock: Clock, narrow: Network) -> None:
    found = forecast(narrow)
    assert found.state == State.TOO_LITTLE_HISTORY
    assert found.needs == "14 more days of surveys and changes on 5 more days"


def test_super_network_runs_out_of_children(clock: Clock, tenants: Network, project: Project) -> None:
    for _ in range(20):
        surveying.run()
        clock.shift(86_400)
        networks.create(child(parent=tenants, project=project, address_family=(IPV4,)))
    surveying.run()
    found = forecast(tenants)
    assert (found.available_prefixes, found.full) == (44, Days(44, 44, 44))


def test_forecasts_that_have_a_date_are_in_one_list_soonest_first(
    clock: Clock, narrow: Network, project: Project
) -> None:
    grow(clock, narrow, project, 20)
    assert [one.about for one in Series.objects.with_date()] == [("narrow", None, 4)]


def test_what_has_filled_up_is_listed_as_full_within_a_minute(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 20)
    use(narrow, project, 214)
    clock.shift(60)
    judging.judge_networks(["narrow"])
    (listed,) = forecasts.soonest(9)
    assert (forecasts.kept_days(listed, "full", timezone.now()), used(narrow)[-1]) == (Days(0, 0, 0), 254)
    assert forecast(narrow).full == Days(0, 0, 0)


def test_a_further_prefix_ends_what_was_forecast(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 20)
    use(narrow, project, 214)
    surveying.run()
    networks.add_prefix(narrow, cidrs("198.51.101.0/24")[0])
    found = forecast(narrow)
    clock.shift(60)
    judging.judge_networks(["narrow"])
    (listed,) = forecasts.soonest(9)
    assert (found.state, forecasts.kept_days(listed, "full", timezone.now())) == (State.GROWING, found.full)


def test_what_is_not_full_yet_is_never_said_to_be(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 20)
    assert forecasts.kept_days(of(narrow), "full", NOON + timedelta(days=300)) == Days(1, 1, 1)


def test_all_that_have_no_forecast_get_one_in_the_same_survey(
    clock: Clock, narrow: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasts, "_AT_LEAST", 1)
    for number in range(3):
        networks.create(
            external(id=f"n{number}", vrf=10 + number, prefixes=cidrs(f"10.{number}.0.0/24"), destination_prefixes=[])
        )
    surveying.run()
    assert not Series.objects.filter(forecast_at=None).exists()


def test_what_is_full_comes_first_and_takes_no_place_from_what_is_next(
    clock: Clock, narrow: Network, project: Project
) -> None:
    grow(clock, narrow, project, 20)
    for number in range(3):
        full = networks.create(
            external(id=f"n{number}", vrf=10 + number, prefixes=cidrs(f"10.{number}.0.0/30"), destination_prefixes=[])
        )
        use(full, project, 2)
    surveying.run()
    assert [one.network_id for one in forecasts.soonest(2)] == ["n0", "n1", "narrow"]
    assert [one.network_id for one in forecasts.soonest(1, by_partition=True)] == ["n0", "narrow"]


def test_what_cools_is_left_for_it_comes_back_by_itself(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 20)
    networks.update(narrow, quarantine={IPV4: 48})
    addresses.release_many(list(narrow.addresses.all()[:10]))
    clock.shift(86_400 * 2 - 60)
    surveying.run()
    assert (of(narrow).used, of(narrow).available) == (30, 224)
    assert forecast(narrow).full == forecasts.kept_days(of(narrow), "full", timezone.now())


def test_family_of_which_all_that_is_left_cools_is_not_full(clock: Clock, narrow: Network, project: Project) -> None:
    use(narrow, project, 254)
    networks.update(narrow, quarantine={IPV4: 48})
    addresses.release_many(list(narrow.addresses.all()[:10]))
    surveying.run()
    assert utilization.of_network(narrow)[0].available_ips == 0
    assert (of(narrow).state, forecast(narrow).state) == (State.TOO_LITTLE_HISTORY, State.TOO_LITTLE_HISTORY)


# --- points ---------------------------------------------------------------------------------------
def points(network: Network, **period: object) -> list[tuple[datetime, int, bool]]:
    asked = Period(**{"since": NOON - timedelta(days=90), "until": None, **period})  # type: ignore[arg-type]
    return [(one.at, one.used, one.live) for one in series_points.of_network(network, asked)[IPV4]]


def test_points_begin_with_what_held_and_end_with_now(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 3)
    use(narrow, project, 1)
    since = NOON + timedelta(days=1, hours=1)
    second, third, now = (NOON + timedelta(days=days) for days in (2, 3, 3))
    assert points(narrow, since=since) == [(since, 2, False), (second, 4, False), (third, 6, False), (now, 7, True)]


def test_points_until_a_moment_have_none_of_now(clock: Clock, narrow: Network, project: Project) -> None:
    grow(clock, narrow, project, 3)
    assert points(narrow, until=NOON + timedelta(days=2))[-1] == (NOON + timedelta(days=1), 2, False)


def test_step_shows_the_last_of_each_with_the_highest(clock: Clock, narrow: Network, project: Project) -> None:
    surveying.run()
    for count in (5, 3):
        clock.shift(3600)
        use(narrow, project, count)
        surveying.run()
    addresses.release_many(narrow.addresses.all())
    clock.shift(3600)
    surveying.run()
    asked = Period(NOON - timedelta(days=1), NOON + timedelta(days=1), "day")
    (point,) = series_points.of_network(narrow, asked)[IPV4]
    assert (point.used, point.high) == (0, 8)


def test_points_of_all_families_are_one_statement(clock: Clock, tenants: Network) -> None:
    surveying.run()
    asked = Period(NOON - timedelta(days=1), None)
    with CaptureQueriesContext(connection) as captured:
        found = series_points.of_network(tenants, asked)
    assert set(found) == {IPV4, IPV6}
    assert len([one for one in captured if "ipam_sample" in one["sql"]]) == 1


def line(days: int, per_day: int = 2, *, until: datetime = NOON) -> list[NewPoint]:
    return [
        NewPoint(family=IPV4, at=until - timedelta(days=days - day), used=per_day * day, total=256)
        for day in range(days + 1)
    ]


def test_points_from_elsewhere_are_kept_and_forecast(narrow: Network, project: Project) -> None:
    use(narrow, project, 80)
    assert series_points.store(narrow, line(40)) == (41, 0)
    assert series_points.store(narrow, line(40)[:3]) == (0, 3)
    assert forecast(narrow).full == Days(87, 87, 87)


def test_series_goes_on_after_points_from_elsewhere(clock: Clock, narrow: Network, project: Project) -> None:
    use(narrow, project, 80)
    series_points.store(narrow, line(40))
    clock.shift(86_400)
    use(narrow, project, 2)
    surveying.run()
    assert used(narrow)[-2:] == [80, 82]
    assert forecast(narrow).full == Days(86, 86, 86)


def test_wrong_points_are_told_with_their_place_and_nothing_is_kept(narrow: Network) -> None:
    wrong = [
        NewPoint(family=IPV4, at=NOON + timedelta(seconds=1), used=1, total=1),
        NewPoint(family=IPV6, at=NOON, used=1, total=1),
        NewPoint(family=IPV4, at=NOON, used=2, total=1),
    ]
    with pytest.raises(errors.Several) as refused:
        series_points.store(narrow, [*line(3), *wrong])
    assert [one.field for one in refused.value.errors] == ["points.4.at", "points.5.address_family", "points.6.used"]
    assert not Sample.objects.exists()


def test_points_from_elsewhere_leave_an_event(narrow: Network) -> None:
    series_points.store(narrow, line(3))
    event = Event.objects.latest("id")
    assert (event.verb, event.object_id, event.changes) == ("import", "narrow", {"history": [None, 4]})


def test_points_from_elsewhere_are_for_operators(narrow: Network) -> None:
    with pytest.raises((errors.PermissionDenied, errors.NotFound)):
        asked_by_nobody(lambda: series_points.store(narrow, line(3)))


# --- thinning -------------------------------------------------------------------------------------
def hourly(network: Network, first: datetime, hours: int) -> None:
    series_points.store(
        network,
        [NewPoint(family=IPV4, at=first + timedelta(hours=hour), used=hour % 24, total=256) for hour in range(hours)],
    )


def kept(network: Network) -> list[tuple[datetime, int, int]]:
    return list(of(network).samples.order_by("at").values_list("at", "used", "high"))


def test_old_days_keep_their_last_sample_with_the_highest_use(clock: Clock, narrow: Network) -> None:
    day = datetime(2026, 8, 1, tzinfo=UTC)
    hourly(narrow, day, 47)
    surveying.run()
    assert kept(narrow)[:2] == [(day + timedelta(hours=23), 23, 23), (day + timedelta(hours=46), 22, 22)]


def test_old_months_keep_their_last_sample(clock: Clock, narrow: Network) -> None:
    first = datetime(2025, 5, 30, tzinfo=UTC)
    series_points.store(
        narrow,
        [NewPoint(family=IPV4, at=first + timedelta(days=day), used=9 - day, total=256) for day in range(5)],
    )
    surveying.run()
    assert kept(narrow)[:2] == [
        (datetime(2025, 5, 31, tzinfo=UTC), 8, 9),
        (datetime(2025, 6, 3, tzinfo=UTC), 5, 7),
    ]


def test_last_days_keep_all_steps(clock: Clock, narrow: Network) -> None:
    hourly(narrow, datetime(2026, 9, 10, tzinfo=UTC), 48)
    surveying.run()
    assert len(kept(narrow)) == 49


def test_a_day_is_thinned_once(clock: Clock, narrow: Network) -> None:
    surveying.run()
    assert Survey.objects.get().thinned_until == date(2026, 9, 1)
    hourly(narrow, datetime(2026, 8, 1, tzinfo=UTC), 24)
    surveying.run()
    assert len(kept(narrow)) == 25


def test_unused_project_begins_no_series(clock: Clock, db: None) -> None:
    projects.create(name="empty")
    surveying.run()
    assert not Series.objects.exists()
