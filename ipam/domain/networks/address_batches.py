"""Named addresses by the thousand: the rules of `addresses.allocate`, judged row by row, written in bulk.

What is refused is told by the row's place, and the others are taken: whoever calls decides whether refusals
undo everything.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from ipam import errors
from ipam.addressing import host
from ipam.domain.core import access, bulk_insert, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import acquisition, address_rules, batch_rules, quotas
from ipam.domain.networks.batch_rules import Named, Refusals
from ipam.domain.space import set_aside
from ipam.domain.space.bulk_acquisition import acquire_named
from ipam.models import AddressHolder, IPAddress, Machine, Prefix
from ipam.models.base import labels_kept
from ipam.models.events import Verb
from ipam.models.managed import manager_of_new

MAX = 2_000  # addresses at once: as many values as SQLite takes in a statement, several times over
_COLUMNS = [field.attname for field in IPAddress._meta.concrete_fields]
_CHANGEABLE = ["type", "name", "description", "labels", "tags"]


@operation
def take(wanted: Sequence[Named]) -> Refusals:
    """Take up to `MAX` named addresses, of any networks; what was refused, by its place in `wanted`.

    The rules are those of `addresses.allocate` (21 to 26). Rows that share an allocation are of one network and one
    project, and of different families. Costs about a dozen statements, whatever the number of rows and prefixes.
    """
    access.require(Permission.OPERATE)
    refused: Refusals = {}
    now = timezone.now()
    taken, lost = _acquire(wanted, refused)
    rows = [_row(wanted[place], prefix, now) for place, prefix in taken.items()]
    if lost:
        batch_rules.refuse_taken(wanted, lost, rows, refused)
    rows = _within_quotas(dict(zip(taken, rows, strict=True)), refused)
    bulk_insert.bulk_insert(IPAddress, rows)
    beside = {one.id: one.beside for one in wanted if one.beside}
    pairs = [(row, machine) for row in rows if row.pk in beside for machine in beside[row.pk]]
    AddressHolder.objects.bulk_create([AddressHolder(address=row, machine=machine) for row, machine in pairs])
    history.record_addresses(Verb.ALLOCATE, begun=rows)
    quotas.charge(begun=rows, is_judged=True)
    return refused


def take_back(rows: Sequence[IPAddress]) -> None:
    """Take up to `MAX` addresses that were released and store them as they were, all or nothing.

    For an operation that has asked who may: each knows its network and project. Errors are those of `take`, together.
    """
    wanted = [
        Named(address=row.address, network=row.network, project=row.project, id=row.pk, allocation=row.allocation)
        for row in rows
    ]
    refused: Refusals = {}
    taken, lost = _acquire(wanted, refused)
    if lost:
        batch_rules.refuse_taken(wanted, lost, (), refused)
    errors.raise_all([refused[place] for place in sorted(refused)])
    for place, prefix in taken.items():
        rows[place].prefix = prefix
    with labels_kept():
        bulk_insert.bulk_insert(IPAddress, rows)
    quotas.charge(begun=rows)


@operation
def change(changes: Mapping[uuid.UUID, Mapping[str, Any]]) -> dict[uuid.UUID, errors.IpamError]:
    """Change type, name, description, labels or tags of up to `MAX` addresses; what was refused, by id (rule 27).

    Refusals are StaticToEphemeral, Invalid for labels that Kubernetes would not take, NotFound for what has gone,
    ManagedElsewhere.
    """
    access.require(Permission.OPERATE)
    held = {row.pk: row for row in lookups.lock_all(_by_key(changes), no_key=True)}
    refused = _gone(changes, held)
    changed = []
    for row in held.values():
        wanted = changes[row.pk]
        try:
            access.require_own(row)
            address_rules.check_stays_static(row, wanted.get("type", row.type))
            batch_rules.check_labels(wanted.get("labels", {}))
        except errors.IpamError as error:
            refused[row.pk] = error
            continue
        before = states.of(row)
        for name, value in wanted.items():
            setattr(row, name, value)
        row.updated_at, row.generation = timezone.now(), row.generation + 1
        changed.append((row, before))
    rows = [row for row, _ in changed]
    with labels_kept():
        IPAddress.objects.bulk_update(rows, [*_CHANGEABLE, "updated_at", "generation"], batch_size=200)
    history.record_each(Verb.UPDATE, changed)
    return refused


@operation
def join(wanted: Mapping[uuid.UUID, Machine]) -> dict[uuid.UUID, errors.IpamError]:
    """Give up to `MAX` addresses that have no machine one of their project and network; what was refused, by id.

    Refusals are InUse, WrongProject, NetworkNotUsable (rule 32), NotFound for what has gone, ManagedElsewhere.
    """
    access.require(Permission.OPERATE)
    rows = lookups.lock_all(_by_key(wanted).select_related("network", "project"), no_key=True)
    held = {row.pk: row for row in rows}
    refused = _gone(wanted, held)
    joined = batch_rules.attachments(wanted.values())
    changed: list[IPAddress] = []
    for row in held.values():
        machine = wanted[row.pk]
        try:
            access.require_own(row)
            if row.machine_id is not None:
                raise errors.InUse(f"{row} belongs to machine {row.machine}.", field="machine")
            is_joined = (machine.pk, row.network_id) in joined
            address_rules.check_machine(machine, row.network, row.project, is_joined=is_joined)
        except errors.IpamError as error:
            refused[row.pk] = error
            continue
        row.machine, row.updated_at, row.generation = machine, timezone.now(), row.generation + 1
        changed.append(row)
    IPAddress.objects.bulk_update(changed, ["machine", "updated_at", "generation"], batch_size=200)
    history.record_addresses(Verb.UPDATE, ended=changed, begun=changed, changed={})
    return refused


@operation
def leave(keys: Iterable[uuid.UUID]) -> None:
    """Let up to `MAX` addresses be no machine's, as whoever owns them has it; those that have none are no hindrance."""
    access.require(Permission.OPERATE)
    rows = lookups.lock_all(_by_key(keys).exclude(machine=None), no_key=True)
    access.require_own(*rows)
    AddressHolder.objects.filter(address__in=[row.pk for row in rows if row.shared]).delete()
    for row in rows:
        row.machine, row.updated_at, row.generation = None, timezone.now(), row.generation + 1
    IPAddress.objects.bulk_update(rows, ["machine", "updated_at", "generation"], batch_size=200)
    history.record_addresses(Verb.UPDATE, ended=rows, begun=rows, changed={})


def _acquire(wanted: Sequence[Named], refused: Refusals) -> tuple[dict[int, Prefix], dict[int, Prefix]]:
    """Judge addresses and take those that are free out of free space: by place the prefixes of these, and of the lost.

    Of two rows, the first has an address.
    """
    with _through_indexes():
        prefixes = batch_rules.KnownPrefixes({one.network.pk: one.network for one in wanted}.values())
        batch_rules.validate_owners(wanted, refused)
        batch_rules.validate_ids_and_allocations(wanted, refused)
        found = batch_rules.find_prefixes(wanted, prefixes, refused)
        free = acquire_named([(prefix, wanted[place].address) for place, prefix in found.items()])
    taken: dict[int, Prefix] = {}
    for place, prefix in found.items():
        key = prefix.pk, wanted[place].address.value
        if key in free:
            free.remove(key)
            taken[place] = prefix
        elif prefix.sets_aside:
            try:
                one = wanted[place]
                judged = partial(set_aside.check_may_name, project_id=one.project.pk, field="ip")
                if set_aside.take(prefix, host(one.address), None, judged):
                    taken[place] = prefix
            except (errors.InRange, errors.Cooling) as error:
                refused[place] = error
    found = {place: prefix for place, prefix in found.items() if place not in refused}
    return taken, {place: prefix for place, prefix in found.items() if place not in taken}


def _within_quotas(rows: Mapping[int, IPAddress], refused: Refusals) -> list[IPAddress]:
    """Those that are not past a quota, row by row; the space of the others is free again."""
    past = quotas.find_past(rows)
    refused.update(past)
    acquisition.free((rows[place] for place in past), were_held=False)
    return [row for place, row in rows.items() if place not in past]


def _by_key(keys: Iterable[uuid.UUID]) -> QuerySet[IPAddress]:
    return IPAddress.objects.filter(pk__one_of=keys).order_by("pk")


def _gone(wanted: Iterable[uuid.UUID], held: Mapping[uuid.UUID, IPAddress]) -> dict[uuid.UUID, errors.IpamError]:
    """What was released before it could be locked; nothing of it may be said to be done."""
    return {
        key: errors.NotFound(f"The address with the id {key} has just been released. Look again.", field="id")
        for key in wanted
        if key not in held
    }


@contextmanager
def _through_indexes() -> Iterator[None]:
    """Let PostgreSQL find rows by index, even if it believes to find thousands of them.

    A table that is being filled has no statistics yet; without them the planner would read all of it for each batch.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:  # a refusal undoes the setting, as it is of the savepoint
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan = DEFAULT")


def _row(one: Named, prefix: Prefix, now: datetime) -> IPAddress:
    """The row to store. Its values go in by place, for by name the model takes three times as long."""
    values = {
        "id": one.id,
        "address": one.address,
        "family": prefix.family,
        "network_id": prefix.network_id,
        "prefix_id": prefix.pk,
        "namespace_id": one.network.namespace_id,
        "project_id": one.project.pk,
        "machine_id": one.machine.pk if one.machine else None,
        "cluster_id": None,
        "allocation": one.allocation,
        "type": one.type,
        "shared": one.shared,
        "name": one.name,
        "description": one.description,
        "labels": dict(one.labels),
        "tags": list(one.tags),
        "managed_by": manager_of_new(),
        "created_at": now,
        "updated_at": now,
        "generation": 1,
    }
    return IPAddress(*map(values.__getitem__, _COLUMNS))  # type: ignore[misc]  # mypy knows columns by name only
