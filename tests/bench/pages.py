"""Pages and API lists: how many SQL statements, with few rows and with many; what a page costs, and how long it is."""

from collections.abc import Iterator
from functools import partial

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ipam.demo import seeding
from ipam.models import Network, Partition
from tests.bench import scratch
from tests.bench.table import Row, at_most
from tests.bench.timing import Ratio, cpu

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
_PAGES = [
    *(path for path in _PATHS if not path.startswith("/api/")),
    "/findings/",
    "/activity/",
    "/networks/{super}/map/",
    "/networks/{external}/map/",
    "/addresses/",
    "/partitions/",
    "/partitions/{site}/",
    "/projects/",
    "/vrfs/",
    "/admin/ipam/network/",
    "/admin/ipam/ipaddress/",
    "/admin/ipam/machine/",
    "/admin/ipam/project/",
]
_MAX_CPU, _MAX_BYTES = 35, 100_000


def rows() -> Iterator[Row]:
    few = _count_statements(networks=4, prefixes=8, addresses=30)
    with scratch.database("many"):
        many = _count_statements(networks=400, prefixes=1_200, addresses=10_000)
        scratch.settle()
        yield from _costs()
    for path in _PATHS:
        goal = at_most(min(_MAX_STATEMENTS, few[path]))  # more with more rows is a miss, however few they are
        yield Row(f"SQL statements of {path}, few and many rows", Ratio(many[path], few[path], many[path]), goal)


def browser() -> Client:
    """A signed-in operator."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))
    return client


def _costs() -> Iterator[Row]:
    """What each page costs among many rows, and how long it is."""
    client, known = browser(), ids()
    for path in (page.format(**known) for page in _PAGES):
        length = len(client.get(path).content)
        yield Row(f"CPU of {path}", cpu(partial(client.get, path)), at_most(_MAX_CPU))
        yield Row(f"length of {path}", Ratio(length, length, length, unit="bytes"), at_most(_MAX_BYTES))


def ids() -> dict[str, str]:
    """The keys of a partition, and of a network of each type there."""
    site = Partition.objects.order_by("id")[0]
    types = ("super", "external")
    return {"site": site.pk, **{one: Network.objects.filter(type=one, partition=site)[0].pk for one in types}}


def _count_statements(**sizes: int) -> dict[str, int]:
    seeding.seed(**sizes)
    client, known = browser(), ids()
    found = {}
    for path in _PATHS:
        with CaptureQueriesContext(connection) as statements:
            answer = client.get(path.format(**known))
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        found[path] = len(statements)
    return found
