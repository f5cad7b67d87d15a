"""The table that a run prints: what, goal, measured, CPU beside it, reached or missed by how much."""

from dataclasses import dataclass

from tests.bench.timing import Ratio

HEAD = "| what | goal | measured (middle half of the rounds) | CPU | |\n| --- | --- | --- | --- | --- |"


@dataclass(frozen=True)
class Goal:
    """A limit of a measured value: at most that much, or at least."""

    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"

    def judge(self, measured: float) -> str:
        """`reached`, or by which share of the limit it was missed."""
        beyond = (measured / self.limit - 1) * (-1 if self.at_least else 1)
        return "reached" if beyond <= 0 else f"missed by {beyond:.0%}"


def at_most(limit: float) -> Goal:
    return Goal(limit)


def at_least(limit: float) -> Goal:
    return Goal(limit, at_least=True)


@dataclass(frozen=True)
class Row:
    """One line of the table; without a goal it is there to compare with."""

    what: str
    measured: Ratio
    goal: Goal | None = None

    def __str__(self) -> str:
        found = self.measured
        goal = f"{self.goal} {found.unit}" if self.goal else ""
        shown = f"{found.middle:.3g} ({found.low:.3g} … {found.high:.3g}) {found.unit}"
        verdict = self.goal.judge(found.middle) if self.goal else ""
        return f"| {self.what} | {goal.rstrip()} | {shown.rstrip()} | {found.cpu} | {verdict} |"
