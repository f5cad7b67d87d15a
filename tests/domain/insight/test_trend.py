"""When something runs out: a straight line exactly, whatever is not straight as a range."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam.domain.insight.trend import HORIZON_DAYS, Days, State, Trend


def line(per_day: int, *, days: int = 90, start: int = 1000) -> list[int]:
    return [start + per_day * day for day in range(days + 1)]


@given(per_day=st.integers(1, 2**70), days=st.integers(14, 120), left=st.integers(1, 2**74))
def test_straight_line_is_exact(per_day: int, days: int, left: int) -> None:
    found = Trend(line(per_day, days=days)).until(left := min(left, per_day * HORIZON_DAYS))
    assert found.earliest == found.likely == found.latest
    assert abs(found.likely - left / per_day) <= 1 + found.likely * 1e-9


@given(at=st.integers(0, 89), wrong=st.integers(0, 10**6))
def test_one_outlier_moves_a_straight_line_by_nothing(at: int, wrong: int) -> None:
    values = line(10)
    values[at] = wrong
    assert Trend(values).until(1000) == Days(100, 100, 100)


@given(seed=st.integers(0, 10**6), at=st.integers(0, 89), wrong=st.integers(0, 10**6))
def test_one_outlier_moves_noisy_days_by_less_than_a_tenth(seed: int, at: int, wrong: int) -> None:
    noise = random.Random(seed)
    values = [value + noise.randint(-20, 20) for value in line(10)]
    before = Trend(values).until(1000)
    values[at] = wrong
    after = Trend(values).until(1000)
    assert after.likely == pytest.approx(before.likely, rel=0.1)


@given(drop=st.integers(1, 100), left=st.integers(1, 10**6))
def test_shrinking_series_has_no_date(drop: int, left: int) -> None:
    assert Trend(line(-drop, start=10**6)).state(left) == State.SHRINKING


@given(value=st.integers(0, 2**128), days=st.integers(15, 120))
def test_flat_series_has_no_date(value: int, days: int) -> None:
    assert Trend([value] * days).state(1) == State.FLAT


@given(at=st.integers(1, 90), step=st.integers(1, 10**6))
def test_series_that_stepped_once_has_no_date(at: int, step: int) -> None:
    assert Trend([0] * at + [step] * (91 - at)).state(1) in (State.FLAT, State.TOO_LITTLE_HISTORY)


@pytest.mark.parametrize(
    ("values", "missing"), [(line(5, days=13), (1, 0)), ([0], (14, 5)), ([0] * 30 + [1, 2, 3, 4], (0, 1))]
)
def test_too_little_history_says_what_is_missing(values: list[int], missing: tuple[int, int]) -> None:
    trend = Trend(values)
    assert trend.state(10) == State.TOO_LITTLE_HISTORY
    assert (trend.missing_days, trend.missing_changes) == missing


def test_what_is_full_is_full_whatever_its_trend() -> None:
    assert Trend([0]).state(0) == State.FULL
    assert Trend([0]).until(0) == Days(0, 0, 0)


def test_what_lasts_for_more_than_three_years_is_not_in_sight() -> None:
    trend = Trend(line(1))
    assert trend.state(HORIZON_DAYS) == State.GROWING
    assert trend.state(HORIZON_DAYS + 1) == State.NOT_IN_SIGHT


def test_growth_that_has_slowed_down_may_never_come_to_an_end() -> None:
    found = Trend([*line(10, days=60), *[1600] * 30]).until(1000)
    assert found.latest is None
    assert found.earliest <= found.likely


@pytest.mark.parametrize(("drift", "spread", "left"), [(10, 10, 900), (10, 40, 3000), (100, 50, 2000), (5, 30, 600)])
def test_random_walks_are_full_inside_their_range_in_most_cases(drift: int, spread: int, left: int) -> None:
    chance = random.Random(7)
    inside = [_is_inside(chance, drift, spread, left) for _ in range(250)]
    told = [one for one in inside if one is not None]
    assert 0.7 <= sum(told) / len(told) <= 0.95


def _is_inside(chance: random.Random, drift: int, spread: int, left: int) -> bool | None:
    """Whether a walk goes on to be full inside the range that was forecast; None where no date was."""
    values = [1000]
    for _ in range(90):
        values.append(round(values[-1] + chance.gauss(drift, spread)))
    trend = Trend(values)
    if trend.state(left) != State.GROWING:
        return None
    found, grown, day = trend.until(left), 0.0, 0
    while grown < left and day < 20_000:
        grown, day = grown + chance.gauss(drift, spread), day + 1
    return found.earliest <= day and (found.latest is None or day <= found.latest)
