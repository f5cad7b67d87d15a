"""What things cost that take turns, so that whatever else the machine does hits all of them."""

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Literal

from django.db import connection

Act = Callable[[], object]


@dataclass(frozen=True)
class Ratio:
    """The median over rounds, and the range that the middle half of them lies in."""

    middle: float
    low: float
    high: float
    cpu: str = ""  # what the table says of it beside
    unit: str = ""  # where it is none

    @classmethod
    def of(cls, rounds: list[float], cpu: str = "", unit: str = "") -> "Ratio":
        low, _, high = quantiles(rounds, n=4, method="inclusive")
        return cls(median(rounds), low, high, cpu, unit)


@dataclass(frozen=True)
class Spent:
    """Seconds: on the clock, and of CPU in the application and in the database. SQLite is part of the application."""

    clock: float = 0.0
    application: float = 0.0
    database: float = 0.0  # none is counted where it runs on another machine

    @property
    def cpu(self) -> float:
        return self.application + self.database

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.clock + other.clock, self.application + other.application, self.database + other.database)

    def per(self, times: int) -> "Spent":
        return Spent(self.clock / times, self.application / times, self.database / times)


def compare(
    subject: Act,
    baseline: Act,
    *,
    rounds: int = 11,
    calls: int = 40,
    by: Literal["clock", "application", "cpu"] = "clock",
    processes: Sequence[int] = (),
) -> Ratio:
    """What `subject` takes over what `baseline` takes; in a round they alternate call by call.

    `processes` are those of the application, where that is not this one.
    """
    found = take_turns(baseline, subject, rounds=rounds, calls=calls, processes=processes)
    return over([(ours, theirs) for theirs, ours in found], by)


def over(rounds: list[tuple[Spent, Spent]], by: Literal["clock", "application", "cpu"] = "clock") -> Ratio:
    """What the first took over what the second took, in each round; beside it the same of all CPU."""
    cpu = median([ours.cpu / theirs.cpu for ours, theirs in rounds])
    return Ratio.of([getattr(ours, by) / getattr(theirs, by) for ours, theirs in rounds], f"{cpu:.3g}")


def cpu(act: Act, *, rounds: int = 9, calls: int = 1, processes: Sequence[int] = ()) -> Ratio:
    """Milliseconds of CPU that a call takes in application and database, beside a loop that takes turns with it."""
    with no_garbage_collection():
        found = [(_loop(), _round([act], calls, Meter(processes))[0].per(calls)) for _ in range(rounds + 1)][1:]
    loop = median([looped for looped, _ in found])
    application, database = median([one.application for _, one in found]), median([one.database for _, one in found])
    beside = f"{1000 * application:.3g} + {1000 * database:.3g}, loop {1000 * loop:.3g}"
    return Ratio.of([1000 * one.cpu for _, one in found], beside, "ms")


def take_turns(*acts: Act, rounds: int, calls: int = 1, processes: Sequence[int] = ()) -> list[list[Spent]]:
    """What each of them took in each round, call by call in turns; the first round warms up and does not count."""
    with no_garbage_collection():
        return [_round(acts, calls, Meter(processes)) for _ in range(rounds + 1)][1:]


def times_faster(together: Act, one: Act, *, rounds: int = 8, sample: int = 100) -> Ratio:
    """How many times faster a thousand together are than a thousand one by one, by a sample of these."""
    with no_garbage_collection():
        spent = [(seconds(lambda: [one() for _ in range(sample)]), seconds(together)) for _ in range(rounds + 1)]
    return Ratio.of([1000 / sample * singles / thousand for singles, thousand in spent[1:]])


def seconds(act: Act) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


class Meter:
    """Counts what processes of the application (this one if none is named) and sessions of the database spend."""

    def __init__(self, processes: Sequence[int] = ()) -> None:
        self._application = processes or [os.getpid()]
        self._database = database_processes()

    def measure(self, act: Act) -> Spent:
        """What one call takes, with what all of them do meanwhile."""
        counted = self._application, self._database
        begun, before = time.perf_counter(), [_cpu_seconds(processes) for processes in counted]
        act()
        clock, after = time.perf_counter() - begun, [_cpu_seconds(processes) for processes in counted]
        return Spent(clock, *(_growth(*pair) for pair in zip(before, after, strict=True)))


def database_processes() -> list[int]:
    """The processes of the sessions of this database; none where it runs elsewhere, or in ours (SQLite)."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND inet_server_addr() IS NOT DISTINCT FROM inet_client_addr()"
        )
        found = [pid for (pid,) in cursor.fetchall()]
    return found if all(Path(f"/proc/{pid}").exists() for pid in found) else []


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _round(acts: Sequence[Act], calls: int, meter: Meter) -> list[Spent]:
    """Sums, not medians: what an operation does at every second call only must count."""
    spent = [Spent()] * len(acts)
    for _ in range(calls):
        spent = [before + meter.measure(act) for before, act in zip(spent, acts, strict=True)]
    return spent


def _cpu_seconds(processes: Sequence[int]) -> dict[int, float]:
    """Of all threads of each, exact; the clock of a process is what clock_getcpuclockid(3) says on Linux."""
    found = {}
    for process in processes:
        with suppress(OSError):  # a session that the pool has closed, as nobody used it
            found[process] = time.clock_gettime(~process << 3 | 2)
    return found


def _growth(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    return sum(ended - before[process] for process, ended in after.items())


def _loop() -> float:
    """Seconds of CPU for 1,000,000 additions: what figures of two machines are to be compared by."""
    start, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return time.process_time() - start
