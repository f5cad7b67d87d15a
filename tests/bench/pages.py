"""Pages and API lists: how many SQL statements, with few rows and with many."""

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ipam.demo import seeding
from ipam.models import Network, Partition
from tests.bench import scratch
from tests.bench.table import Row, at_most
from tests.bench.timing import Ratio

_MAX_STATEMENTS = 12
_PATHS = [
    "/",
    "/networks/",
    "/networks/?open={super}",
    "/networks/{super}/",
    "/networks/{external}/",
    "/machines/",
    "/search/?q=a&all=1",
    "/api/v1/networks/",
    "/api/v1/prefixes/",
    "/api/v1/ips/",
    "/api/v1/machines/",
    "/api/v1/vrfs/",
    "/api/v1/projects/",
    "/api/v1/partitions/",
    "/api/v1/search/?q=a",
]


def rows() -> Iterator[Row]:
    few = _count_statements(networks=4, prefixes=8, addresses=30)
    with scratch.database("many"):
        many = _count_statements(networks=400, prefixes=1_200, addresses=10_000)
    for path in _PATHS:
        goal = at_most(min(_MAX_STATEMENTS, few[path]))  # more with more rows is a miss, however few they are
        yield Row(f"SQL statements of {path}, few and many rows", Ratio(many[path], few[path], many[path]), goal)


def browser() -> Client:
    """A signed-in operator."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("bench"))
    return client


def _count_statements(**sizes: int) -> dict[str, int]:
    seeding.seed(**sizes)
    client = browser()
    site = Partition.objects.order_by("id")[0]
    ids = {type_: Network.objects.filter(type=type_, partition=site)[0].pk for type_ in ("super", "external")}
    found = {}
    for path in _PATHS:
        with CaptureQueriesContext(connection) as statements:
            answer = client.get(path.format(**ids))
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        found[path] = len(statements)
    return found
