"""Nothing scans: what each filter alone and each order alone of a list reads, for each row of a full page.

Filters and orders are taken from the filter sets, the views of the API and the lists of the dashboard themselves: a new
one is measured by itself, or breaks the bench until `samples.py` says what it is asked for.
"""

import logging
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client

from ipam.api.urls import router
from ipam.domain.core.paging import DEFAULT_LIMIT
from ipam.filters import (
    AddressFilters,
    ClusterFilters,
    MachineFilters,
    NetworkFilters,
    PartitionFilters,
    ProjectFilters,
    VrfFilters,
)
from ipam.insight_filters import EventFilters
from ipam.models import Cluster, Event, IPAddress, Machine, Network
from tests.bench import crowded, samples, scratch
from tests.bench.pages import browser
from tests.bench.plans import Reading, reading
from tests.bench.table import Row, at_most
from tests.bench.timing import Ratio
from webui.views import activity, addresses, clusters, machines, network_list, registry

_MAX_READ = 10  # rows and index entries for each row of a full page
_SMALL_LISTS = {"partitions": PartitionFilters, "projects": ProjectFilters, "vrfs": VrfFilters}
# Path of the dashboard: what its list is narrowed by, which of that it offers, and its orders.
_PAGES: dict[str, tuple[Any, Any, tuple[str, ...], Any]] = {
    "/networks/": (Network, NetworkFilters, network_list.FILTERS, network_list.COLUMNS),
    "/addresses/": (IPAddress, AddressFilters, addresses.FILTERS, addresses.COLUMNS),
    "/machines/": (Machine, MachineFilters, machines.FILTERS, machines.COLUMNS),
    "/clusters/": (Cluster, ClusterFilters, clusters.FILTERS, clusters.COLUMNS),
    "/activity/": (Event, EventFilters, activity.FILTERS, ()),
    **{f"/{name}/": (one._meta.model, one, ("q",), registry.COLUMNS) for name, one in _SMALL_LISTS.items()},
}


def rows() -> Iterator[Row]:
    if connection.vendor != "postgresql":
        return
    logging.disable(logging.WARNING)
    crowded.fill()
    scratch.settle()
    yield from measured(browser())


def measured(client: Client) -> Iterator[Row]:
    """A row for each path that reads too much, and one for all."""
    found = {path: _read(client, path) for path in paths()}
    for path, read in found.items():
        if read.rows > _MAX_READ * DEFAULT_LIMIT:
            yield Row(f"rows read by {path} for each of a page: {read.worst}", _per_row(read), at_most(_MAX_READ))
    reached = [read.rows <= _MAX_READ * DEFAULT_LIMIT for read in found.values()]
    share = sum(reached) / len(reached)
    yield Row(f"share of {len(reached)} filters and orders that read at most {_MAX_READ}", Ratio(share, share, share))


def _per_row(read: Reading) -> Ratio:
    return Ratio(*[read.rows / DEFAULT_LIMIT] * 3)


def paths() -> Iterator[str]:
    """Every list, with each filter alone and each order alone."""
    for name, views, _ in router.registry:
        if hasattr(views, "list"):
            yield from _narrowed(
                f"/api/v1/{name}/", views.model, views.filterset_class, views.filterset_class.base_filters
            )
            yield from _ordered(f"/api/v1/{name}/", "ordering", views.ordering_fields)
    for path, (model, filters, offered, orders) in _PAGES.items():
        yield from _narrowed(path, model, filters, offered)
        yield from _ordered(path, "sort", orders)
    for path, text in product(["/api/v1/search/", "/search/"], samples.TEXTS):
        yield f"{path}?{urlencode({'q': text})}"


def _narrowed(path: str, model: Any, filters: Any, names: Any) -> Iterator[str]:
    yield path
    for name in names:
        for value in samples.values(model, filters, name):
            yield f"{path}?{urlencode({name: value})}"


def _ordered(path: str, word: str, orders: Any) -> Iterator[str]:
    for sign, name in product(["", "-"], orders):
        yield f"{path}?{word}={sign}{name}"


def _read(client: Client, path: str) -> Reading:
    return reading(lambda: client.get(path), path)
