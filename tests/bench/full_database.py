"""A page costs the same in a full database: the same networks, alone and beside 10,000 others."""

from collections.abc import Iterator
from statistics import median

from django.test import Client

from ipam.domain import seeding
from tests.bench import cast, scratch
from tests.bench.pages import browser
from tests.bench.table import Row, at_most
from tests.bench.timing import Ratio, no_garbage_collection, seconds
from tests.builders import IPV4, IPV6

_SHOWN = 50  # networks, a page of them; their ids sort first
_ROUNDS, _CALLS = 7, 5
_SMALL = {"networks": 60, "prefixes": 150, "addresses": 1_000}
_LARGE = {"networks": 10_000, "prefixes": 100_000, "addresses": 1_000_000}
_SAME_ROWS = [
    "/networks/",
    "/networks/00-bench-00/",
    "/search/?q=11.0.0.7",
    "/api/v1/networks/",
    "/api/v1/prefixes/?ordering=-prefix",
    "/api/v1/ips/",
    "/api/v1/ips/?network=00-bench-00",
    "/api/v1/search/?q=11.0.0.7",
]
# As many rows, but richer ones: networks with more children and prefixes, machines in such networks.
_OTHER_ROWS = ["/", "/machines/", "/api/v1/machines/"]
_PATHS = _SAME_ROWS + _OTHER_ROWS


def rows() -> Iterator[Row]:
    with scratch.database("small") as small:
        in_small = _fill(**_SMALL)
        with scratch.database("large") as large:
            in_large = _fill(**_LARGE)
            ratios: dict[str, list[float]] = {path: [] for path in _PATHS}
            for _ in range(_ROUNDS):
                alone = _times(small, in_small)
                beside = _times(large, in_large)
                for path in _PATHS:
                    ratios[path].append(beside[path] / alone[path])
    for path, rounds in ratios.items():
        goal = at_most(1.5) if path in _SAME_ROWS else None
        yield Row(f"{path} with 1,000,000 addresses stored over 7,000", Ratio.of(rounds), goal)


def _fill(**sizes: int) -> Client:
    seeding.seed(**sizes)
    for _ in range(_SHOWN):
        cast.fill(cast.network(IPV4, IPV6), 60)
    scratch.settle()
    return browser()


def _times(database: str, client: Client) -> dict[str, float]:
    """The median time of each page; the first call warms up."""
    scratch.use(database)
    with no_garbage_collection():
        return {path: median([_time(client, path) for _ in range(_CALLS + 1)][1:]) for path in _PATHS}


def _time(client: Client, path: str) -> float:
    return seconds(lambda: client.get(path))
