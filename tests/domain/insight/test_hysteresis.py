"""When a value fires and when it clears; pure arithmetic."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam.domain.insight.hysteresis import NEVER, Limits, plain
from ipam.models import AlertRule


def limits(watch: str, fire: str, clear: str) -> Limits:
    return Limits.of(AlertRule(watch=watch, fire=Decimal(fire), clear=Decimal(clear)))


def verdict(judged: Limits, value: Any) -> str:
    return "fires" if judged.fires(value) else "clears" if judged.clears(value) else "stays"


@pytest.mark.parametrize(
    ("watch", "fire", "clear", "value", "expected"),
    [
        ("utilization", "80", "75", 0.8, "fires"),
        ("utilization", "80", "75", 0.799_999, "stays"),
        ("utilization", "80", "75", 0.750_001, "stays"),
        ("utilization", "80", "75", 0.75, "clears"),
        ("utilization", "0.8", "0.75", 0.8, "fires"),
        ("utilization", "0.8", "0.75", 0.75, "clears"),
        ("utilization", "100", "99.5", 203 / 204, "stays"),
        ("utilization", "1", "0.5", 1.0, "fires"),
        ("utilization", "80", "0", 0.0, "clears"),
        ("days_left", "21", "30", 21, "fires"),
        ("days_left", "21", "30", 22, "stays"),
        ("days_left", "21", "30", 29, "stays"),
        ("days_left", "21", "30", 30, "clears"),
        ("days_left", "21", "30", NEVER, "clears"),
        ("children_left", "0", "2", 0, "fires"),
        ("children_left", "0", "2", 1, "stays"),
        ("children_left", "0", "2", 2**64, "clears"),
        ("pool", "1000", "2000", 1_000, "fires"),
        ("pool", "1000", "2000", 1_001, "stays"),
        ("pool", "1000", "2000", 2_000, "clears"),
    ],
)
def test_value_fires_clears_or_changes_nothing(watch: str, fire: str, clear: str, value: Any, expected: str) -> None:
    assert verdict(limits(watch, fire, clear), value) == expected


@pytest.mark.parametrize(
    ("watch", "fire", "value", "written"),
    [
        ("utilization", "80", 0.8125, "81.250"),
        ("utilization", "0.8", 0.8125, "0.812"),
        ("days_left", "21", 14, "14"),
        ("days_left", "21", NEVER, ""),
        ("days_left", "21", None, ""),
        ("children_left", "4", 2**64, str(2**64)),
    ],
)
def test_value_is_written_in_the_unit_of_the_rule(watch: str, fire: str, value: Any, written: str) -> None:
    clear = "0.1" if watch == "utilization" else "90"
    assert limits(watch, fire, clear).written(value) == written


@pytest.mark.parametrize(("number", "text"), [("80.000", "80"), ("0.750", "0.75"), ("100", "100"), ("0", "0")])
def test_threshold_is_written_plainly(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


shares = st.lists(st.floats(0, 1), max_size=40)
bounds = st.tuples(st.integers(1, 99), st.integers(1, 99)).filter(lambda pair: pair[0] < pair[1])


@given(values=shares, bounds=bounds)
def test_rule_fires_at_most_once_for_each_way_up_and_down(values: list[float], bounds: tuple[int, int]) -> None:
    low, high = bounds
    judged = limits("utilization", str(high + 1), str(low + 1))
    is_firing, told = False, 0
    crossings, is_above = 0, False
    for value in values:
        if not is_firing and judged.fires(value):
            is_firing, told = True, told + 1
        elif is_firing and judged.clears(value):
            is_firing = False
        if not is_above and value >= (high + 1) / 100:
            is_above, crossings = True, crossings + 1
        is_above = is_above and value > (low + 1) / 100
    assert told == crossings


@given(value=st.floats(0, 1), bounds=bounds)
def test_nothing_fires_and_clears_at_the_same_value(value: float, bounds: tuple[int, int]) -> None:
    judged = limits("utilization", str(bounds[1] + 1), str(bounds[0] + 1))
    assert not (judged.fires(value) and judged.clears(value))
