"""Lists as automation reads them, a thousand objects each: CPU of application and database."""

from collections.abc import Iterator
from functools import partial

from ipam.demo import seeding
from tests.bench import scratch
from tests.bench.pages import browser
from tests.bench.table import Row, at_most
from tests.bench.timing import cpu

_MAX_MILLISECONDS = {"networks": 150, "machines": 200, "prefixes": 80, "ips": 60}


def rows() -> Iterator[Row]:
    seeding.seed(networks=1_500, prefixes=15_000, addresses=10_000)
    scratch.settle()
    client = browser()
    for name, most in _MAX_MILLISECONDS.items():
        read = partial(client.get, f"/api/v1/{name}/", {"limit": 1_000})
        if len(read().json()["results"]) != 1_000:
            raise RuntimeError(f"there are too few {name}")
        yield Row(f"list of 1,000 {name}, CPU", cpu(read), at_most(most))
