"""Moving in: a table of 100,000 addresses, and an installation of metal-stack, each in one transaction."""

import resource
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import IO, Any

import yaml
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from ipam.demo import seeding
from ipam.domain.core import context
from ipam.domain.files import exports, importing
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.files.tables import Table
from ipam.domain.health import rebuilding
from ipam.domain.moving.metal_stack import reading
from ipam.domain.moving.metal_stack.entries import Document
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.moving.mirror import passes
from ipam.models import (
    VRF,
    Event,
    FreeBlock,
    IPAddress,
    Machine,
    MachineNetwork,
    Mention,
    Mirror,
    Network,
    Partition,
    Prefix,
    Project,
    Tenure,
)
from tests.bench import metal_stack
from tests.bench.table import Goal, Row, at_least, at_most
from tests.bench.timing import Meter, Ratio, Spent, seconds

_ADDRESSES = 100_000
_CLOUD = {"networks": 2_000, "prefixes": 5_000, "addresses": _ADDRESSES}
_ROUNDS = 3
_GOALS = {"postgresql": at_least(5_000)}
_STORED: list[type[Model]] = [Project, VRF, Network, Prefix, Machine, MachineNetwork, IPAddress]
_INSTALLATION: list[type[Model]] = [*_STORED, FreeBlock, Tenure, Event, Mention]


def rows() -> Iterator[Row]:
    yield from _installation()
    _empty(*_INSTALLATION, Partition)
    yield from _mirror()
    _empty(*_INSTALLATION, Partition, Mirror)
    yield from _table()


def _installation() -> Iterator[Row]:
    document = reading.parse(metal_stack.document(networks=2_000, machines=4_000, addresses=50_000))
    meter, statements = Meter(), Counter[str]()
    rounds = [(_move_in(meter, document, statements), _store_all_plainly(meter)) for _ in range(_ROUNDS)]
    what = "move in from metal-stack: 2,000 networks, 4,000 machines, 50,000 addresses"
    cpu = f"{median([moved.cpu for moved, _ in rounds]):.3g} s"
    yield Row(what, Ratio.of([moved.clock for moved, _ in rounds], cpu, "s"), at_most(60))
    by_cpu = median([stored.cpu / moved.cpu for moved, stored in rounds])
    per_plain = Ratio.of([stored.clock / moved.clock for moved, stored in rounds], f"{by_cpu:.3g}")
    yield Row(f"{what}, rows per second over `bulk_create` of the same rows", per_plain, at_least(0.3))
    each = statements.total() / _ROUNDS
    yield Row(f"{what}, statements", Ratio(each, each, each))


def _move_in(meter: Meter, document: Document, statements: Counter[str]) -> Spent:
    def count(execute: Any, sql: str, *rest: Any) -> Any:
        statements[sql[:40]] += 1
        return execute(sql, *rest)

    _empty(*_INSTALLATION)
    with connection.execute_wrapper(count):
        return meter.measure(lambda: importing.apply(Rows(document)))


def _mirror() -> Iterator[Row]:
    """The same installation as its metal-api lists it: the first pass, and those after it, in which nothing changes."""
    found = yaml.load(metal_stack.document(networks=2_000, machines=4_000, addresses=50_000), yaml.CBaseLoader)
    projects = [{"meta": {"id": one["id"]}, "name": one["name"]} for one in found["projects"]]
    lists = [found["partitions"], projects, found["networks"], found["ips"], found["machines"]]
    meter, statements = Meter(), Counter[str]()

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        statements["later" if statements["first is over"] else "first"] += 1
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        first = meter.measure(lambda: passes.follow("https://api.example.org", lists))
        statements["first is over"] = 1
        later = [meter.measure(lambda: passes.follow("https://api.example.org", lists)) for _ in range(_ROUNDS)]
    what = "mirror of 2,000 networks, 4,000 machines, 50,000 addresses"
    yield Row(f"{what}, first pass", Ratio(*[first.clock] * 3, f"{first.cpu:.3g} s", "s"), at_most(60))
    cpu = f"{median([one.cpu for one in later]):.3g} s"
    yield Row(f"{what}, a pass without changes", Ratio.of([one.clock for one in later], cpu, "s"), at_most(15))
    each = statements["later"] / _ROUNDS
    yield Row(f"{what}, statements of the first", Ratio(*[float(statements["first"])] * 3))
    yield Row(f"{what}, statements of one without changes", Ratio(each, each, each))


def _store_all_plainly(meter: Meter) -> Spent:
    """The rows of the document as they are stored, without free space and history, stored anew by Django alone."""
    stored = [(model, list(model._default_manager.order_by("pk"))) for model in _STORED]
    _empty(*_INSTALLATION)
    return meter.measure(lambda: [model._default_manager.bulk_create(held, batch_size=5_000) for model, held in stored])


def _table() -> Iterator[Row]:
    seeding.seed(**_CLOUD)
    with tempfile.NamedTemporaryFile() as file:
        file.writelines(exports.pieces(ADDRESSES.name, "csv", ADDRESSES.rows()))
        file.flush()
        _make_room()
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            grown = fresh.submit(_memory_of_import, file.name).result()
        rounds = [(_import(file), _store_plainly()) for _ in range(_ROUNDS)]
    per_second = Ratio.of([imported for imported, _ in rounds])
    per_plain = Ratio.of([imported / stored for imported, stored in rounds])
    goal: Goal | None = _GOALS.get(connection.vendor)
    yield Row("import of a CSV of 100,000 addresses, rows per second", per_second, goal)
    yield Row("the same over `bulk_create` of these rows, which judges nothing, throughput", per_plain)
    yield Row("memory that it takes at most, MB", Ratio(grown, grown, grown), at_most(50))


def _import(file: IO[Any]) -> float:
    """Take all of them anew; rows per second."""
    _make_room()
    return _ADDRESSES / seconds(lambda: importing.apply(Table(ADDRESSES, file, "csv")))


def _store_plainly() -> float:
    """The rows that are there, stored anew by Django alone; rows per second."""
    rows = list(IPAddress.objects.all())
    _empty(IPAddress)
    return _ADDRESSES / seconds(lambda: IPAddress.objects.bulk_create(rows, batch_size=5_000))


def _empty(*models: type[Model]) -> None:
    """No row is left, nor a dead one, as in a new installation."""
    tables = [model._meta.db_table for model in models]
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables, allow_cascade=True))


def _make_room() -> None:
    """Give all addresses back."""
    _empty(IPAddress, FreeBlock, Tenure)
    rebuilding.build_all()


def _memory_of_import(path: str) -> float:
    """What an import takes at most beyond what a process has that did nothing else, MB."""
    before = _memory()
    with context.system(), open(path, "rb") as file:
        importing.apply(Table(ADDRESSES, file, "csv"))
    return _memory() - before


def _memory() -> float:
    """The most that this process has ever held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
