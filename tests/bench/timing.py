"""Ratios of two things that take turns, so that whatever else the machine does hits both."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles

Act = Callable[[], object]


@dataclass(frozen=True)
class Ratio:
    """The median over rounds, and the range that the middle half of them lies in."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, rounds: list[float]) -> "Ratio":
        low, _, high = quantiles(rounds, n=4, method="inclusive")
        return cls(median(rounds), low, high)


def compare(subject: Act, baseline: Act, *, rounds: int = 15, calls: int = 40) -> Ratio:
    """Time of `subject` over time of `baseline`. In a round they alternate call by call; the first round warms up."""
    with no_garbage_collection():
        return Ratio.of([_round(subject, baseline, calls) for _ in range(rounds + 1)][1:])


def seconds(act: Act) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _round(subject: Act, baseline: Act, calls: int) -> float:
    """Sums, not medians: what an operation does at every second call only must count."""
    spent = [0.0, 0.0]
    for _ in range(calls):
        spent[0] += seconds(baseline)
        spent[1] += seconds(subject)
    return spent[1] / spent[0]
