"""The change history: every operation leaves one event, what is refused or a dry run leaves none."""

import io
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam import domain, errors
from ipam.demo import seeding
from ipam.domain.core.operations import dry_run, transacted
from ipam.domain.files import backup
from ipam.domain.files import importing as table_import
from ipam.domain.moving.metal_stack import reading
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.networks import (
    addresses,
    partitions,
)
from ipam.models import Event, IPAddress
from tests.clouds import empty
from tests.domain.core.every_operation import OPERATIONS
from tests.domain.core.world import World, whole

STORES_AN_EVENT = 'INSERT INTO "ipam_event"', "ipam_take(", "ipam_give_back("


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_leaves_one_event_by_one_insert(name: str, world: World) -> None:
    call, (verb, kind, key, count) = OPERATIONS[name]
    with CaptureQueriesContext(connection) as captured:
        call(world)
    event = whole()
    assert (event.verb, event.kind, event.count) == (verb, kind, count)
    assert key in ("*", event.object_id)
    stored = sum(any(one in query["sql"] for one in STORES_AN_EVENT) for query in captured)
    assert stored == 1 + event.parts.count()


@pytest.mark.parametrize("name", OPERATIONS)
def test_dry_run_leaves_no_event(name: str, world: World) -> None:
    call, _ = OPERATIONS[name]
    with dry_run():
        call(world)
    assert not Event.objects.exists()


def test_every_operation_is_in_the_table() -> None:
    """What needs an empty installation, or something that was done before, has tests of its own."""
    known = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in domain_modules()
        for name, function in vars(module).items()
        if not name.startswith("_") and getattr(function, "__module__", "") == module.__name__
        if is_operation(function)
    }
    assert known - {name.partition(" ")[0] for name in OPERATIONS} == {"backup.restore", "undoing.undo"}


def domain_modules() -> list[ModuleType]:
    return [import_module(found.name) for found in walk_packages(domain.__path__, "ipam.domain.")]


def is_operation(function: Any) -> bool:
    """Whether it was wrapped by `operation`, which runs it in a transaction of its own."""
    inside = getattr(function, "__wrapped__", None)
    return getattr(inside, "__code__", None) is transacted(lambda: None).__code__


def test_refused_operation_leaves_no_event(world: World) -> None:
    with pytest.raises(errors.InUse):
        partitions.delete(world.partition)
    with pytest.raises(errors.Several):
        addresses.release_many(IPAddress.objects.exclude(machine=None))
    assert not Event.objects.exists()


def test_operation_that_changes_nothing_at_all_leaves_no_event(world: World) -> None:
    addresses.release_many([])
    table_import.apply(Rows(reading.parse("partitions: []")))
    assert not Event.objects.exists()


def test_seeding_leaves_one_event(db: None) -> None:
    seeding.seed(networks=30, prefixes=60, addresses=200)
    event = Event.objects.get(part_of=None)
    assert (event.verb, event.kind, event.changes["addresses"]) == ("seed", "installation", [0, 200])
    parts = Event.objects.exclude(part_of=None)  # its clusters are made as anybody's are
    assert {(part.part_of_id, part.kind) for part in parts} == {(event.pk, "cluster")}


def test_restoring_leaves_one_event(world: World) -> None:
    document = "".join(backup.write())
    empty()
    Event.objects.all().delete()
    backup.restore(io.StringIO(document))
    event = Event.objects.get()
    assert (event.verb, event.kind, event.changes["machines"]) == ("import", "installation", [0, 1])
