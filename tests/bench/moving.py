"""Moving in: a table of 100,000 addresses, each in its network, imported in one transaction."""

import resource
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from ipam.demo import seeding
from ipam.domain.files import exports, importing
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.files.tables import Table
from ipam.domain.health import rebuilding
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
        _import(file)  # collecting garbage, as memory is measured too
        grown = _memory() - before
        rounds = [(_import(file), _store_plainly()) for _ in range(_ROUNDS)]
    per_second = Ratio.of([imported for imported, _ in rounds])
    per_plain = Ratio.of([imported / stored for imported, stored in rounds])
    goal: Goal | None = _GOALS.get(connection.vendor)
    yield Row("import of a CSV of 100,000 addresses, rows per second", per_second, goal)
    yield Row("the same over `bulk_create` of these rows, which judges nothing, throughput", per_plain)
    yield Row("memory that it takes at most, MB", Ratio(grown, grown, grown), at_most(50))


def _import(file: IO[Any]) -> float:
    """Take all of them anew; rows per second."""
    _empty(IPAddress, FreeBlock)
    rebuilding.build_all()
    return _ADDRESSES / seconds(lambda: importing.apply(Table(ADDRESSES, file, "csv")))


def _store_plainly() -> float:
    """The rows that are there, stored anew by Django alone; rows per second."""
    rows = list(IPAddress.objects.all())
    _empty(IPAddress)
    return _ADDRESSES / seconds(lambda: IPAddress.objects.bulk_create(rows, batch_size=5_000))


def _empty(*models: type[Model]) -> None:
    """No row is left, nor a dead one, as in a new installation."""
    for statement in connection.ops.sql_flush(no_style(), [model._meta.db_table for model in models]):
        connection.cursor().execute(statement)


def _memory() -> float:
    """The most that this process has ever held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
