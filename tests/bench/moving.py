"""Moving in: a table of 100,000 addresses, each in its network, imported in one transaction."""

import resource
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from django.core.management.color import no_style
from django.db import connection

from ipam.domain import exports, rebuilding, seeding, table_import
from ipam.domain.table_import import Table
from ipam.domain.tables import ADDRESSES
from ipam.models import FreeBlock, IPAddress
from tests.bench.table import Goal, Row, at_least, at_most
from tests.bench.timing import Ratio, seconds

_ADDRESSES = 100_000
_CLOUD = {"networks": 2_000, "prefixes": 5_000, "addresses": _ADDRESSES}
_ROUNDS = 3
_GOALS = {"postgresql": at_least(5_000)}


def rows() -> Iterator[Row]:
    seeding.seed(**_CLOUD)
    with tempfile.TemporaryFile() as file:
        file.writelines(exports.pieces(ADDRESSES.name, "csv", ADDRESSES.rows()))
        before = _memory()
        per_second = Ratio.of([_import(file) for _ in range(_ROUNDS)])  # collecting garbage, as memory is measured too
        grown = _memory() - before
    goal: Goal | None = _GOALS.get(connection.vendor)
    yield Row("import of a CSV of 100,000 addresses, rows per second", per_second, goal)
    yield Row("memory that it takes at most, MB", Ratio(grown, grown, grown), at_most(50))


def _import(file: IO[Any]) -> float:
    """Take all of them anew; rows per second."""
    tables = [model._meta.db_table for model in (IPAddress, FreeBlock)]
    for statement in connection.ops.sql_flush(no_style(), tables):  # as in a new installation: no dead rows
        connection.cursor().execute(statement)
    rebuilding.build_all()
    return _ADDRESSES / seconds(lambda: table_import.bring_in(Table(ADDRESSES, file, "csv")))


def _memory() -> float:
    """The most that this process has ever held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
