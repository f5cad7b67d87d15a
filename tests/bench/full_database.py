"""A page costs the same in a full database: the same rows, alone and beside a million others."""

import logging
from collections.abc import Iterator
from functools import partial

from django.db import connection
from django.test import Client, override_settings

from ipam.demo import seeding
from tests.bench import lab, routes, scratch
from tests.bench.pages import browser
from tests.bench.table import Row, at_most
from tests.bench.timing import Meter, Ratio, Spent, cpu, no_garbage_collection, over

_ROUNDS, _CALLS = 5, 3
_LARGE = {"networks": 10_000, "prefixes": 100_000, "addresses": 1_000_000}
_MAX_RATIO = 1.5
_ALWAYS_TOLD = ["/networks/", "/addresses/", "/machines/", "/api/v1/networks/", "/api/v1/ips/"]
_OTHER_ROWS = ["/"]  # it shows where space runs out, and that is elsewhere


def rows() -> Iterator[Row]:
    logging.disable(logging.WARNING)  # a network without a family refuses pages about it; such pages are left out
    with scratch.database("lab") as small:
        in_small, of_small = _furnish()
        with scratch.database("large") as large:
            seeding.seed(**_LARGE)
            in_large, of_large = _furnish()
            pages = _answering(small, in_small, of_small) & _answering(large, in_large, of_large)
            spent: dict[int, list[tuple[Spent, Spent]]] = {page: [] for page in sorted(pages)}
            for _ in range(_ROUNDS):
                for page, rounds in spent.items():
                    alone = _measure(small, in_small, of_small[page])
                    rounds.append((_measure(large, in_large, of_large[page]), alone))
            yield Row("/metrics beside 1,000,000 addresses, CPU", _metrics(in_large))
            yield Row("disk for 1,000,000 addresses in 10,000 networks and 100,000 prefixes, GB", Ratio(*[_disk()] * 3))
    found = {of_small[page]: over(rounds) for page, rounds in spent.items() if of_small[page] not in _OTHER_ROWS}
    for path, ratio in found.items():
        if path in _ALWAYS_TOLD or ratio.middle > _MAX_RATIO:
            yield Row(f"{path} beside 1,000,000 addresses over alone", ratio, at_most(_MAX_RATIO))
    share = sum(ratio.middle <= _MAX_RATIO for ratio in found.values()) / len(found)
    yield Row(f"share of {len(found)} lists that cost at most {_MAX_RATIO} of alone", Ratio(share, share, share))


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


def _measure(database: str, client: Client, path: str) -> Spent:
    """What the middle one of a few calls takes, after one that makes the connection."""
    scratch.use(database)
    client.get(path)
    meter = Meter()
    with no_garbage_collection():
        spent = [meter.measure(partial(client.get, path)) for _ in range(_CALLS)]
    return sorted(spent, key=lambda one: one.clock)[_CALLS // 2]


def _metrics(client: Client) -> Ratio:
    with override_settings(METRICS_TOKEN="bench"):
        return cpu(partial(client.get, "/metrics", headers={"Authorization": "Bearer bench"}))


def _disk() -> float:
    """What this database takes, GB."""
    is_postgresql = connection.vendor == "postgresql"
    size = "pg_database_size(current_database())" if is_postgresql else "page_count * page_size"
    source = "" if is_postgresql else " FROM pragma_page_count, pragma_page_size"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {size}{source}")
        return cursor.fetchone()[0] / 1e9  # type: ignore[no-any-return]
