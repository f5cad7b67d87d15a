"""A page costs the same in a full database: the same rows, alone and beside a million others."""

import logging
from collections.abc import Iterator
from statistics import median

from django.test import Client

from ipam.demo import seeding
from tests.bench import lab, routes, scratch
from tests.bench.pages import browser
from tests.bench.table import Row, at_most
from tests.bench.timing import Ratio, no_garbage_collection, seconds

_ROUNDS, _CALLS = 5, 3
_LARGE = {"networks": 10_000, "prefixes": 100_000, "addresses": 1_000_000}
_OTHER_ROWS = ["/"]  # it shows where space runs out, and that is elsewhere


def rows() -> Iterator[Row]:
    logging.disable(logging.WARNING)  # a network without a family refuses pages about it; such pages are left out
    with scratch.database("lab") as small:
        in_small, of_small = _furnish()
        with scratch.database("large") as large:
            seeding.seed(**_LARGE)
            in_large, of_large = _furnish()
            pages = _answering(small, in_small, of_small) & _answering(large, in_large, of_large)
            ratios: dict[int, list[float]] = {page: [] for page in sorted(pages)}
            for _ in range(_ROUNDS):
                for page in ratios:
                    alone = _time(small, in_small, of_small[page])
                    ratios[page].append(_time(large, in_large, of_large[page]) / alone)
    for page, rounds in ratios.items():
        goal = None if of_small[page] in _OTHER_ROWS else at_most(1.5)
        yield Row(f"{of_small[page]} beside 1,000,000 addresses over alone", Ratio.of(rounds), goal)


def _furnish() -> tuple[Client, list[str]]:
    lab.furnish()
    scratch.settle()
    return browser(), routes.paths(lab.samples())


def _answering(database: str, client: Client, paths: list[str]) -> set[int]:
    """The numbers of those that answer, which warms them up; what breaks is no page to measure but a fault."""
    scratch.use(database)
    found = set()
    for number, path in enumerate(paths):
        status = client.get(path).status_code
        if status not in (200, 302, 400, 404, 405):
            raise RuntimeError(f"{path} answered {status}")
        if status in (200, 302):
            found.add(number)
    return found


def _time(database: str, client: Client, path: str) -> float:
    """The median of a few calls, after one that makes the connection."""
    scratch.use(database)
    with no_garbage_collection():
        return median([seconds(lambda: client.get(path)) for _ in range(_CALLS + 1)][1:])
