"""Who holds what, from when until when: rows that begin and end with addresses and child prefixes, by an event.

They begin by one INSERT that takes names and all else from the rows that are there, and end by one UPDATE.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model
from netaddr import IPAddress as Address

from ipam.domain.core import bulk_insert, writes
from ipam.fields import to_bytes
from ipam.models import Event, IPAddress, Machine, Network, Prefix, Tenure
from ipam.models.events import Verb
from ipam.models.tenures import addresses_untold, blocks_untold

# Names by subqueries: PostgreSQL plans them in half of the time that it needs for joins. What has gone meanwhile has no
# name: the foreign key of the address refuses that at the end, in words.
_INSERT = """
    INSERT INTO ipam_tenure (
        begun_by, actor, door, from_exact, since, address, length, prefix_length, namespace_id, network_id, project_id,
        project_name, machine_id, machine_name, name, type, allocation
    )
"""
# A network that has gone to another project, or a parent that has, or into another VRF, while this waited for what is
# free in it, gives nothing: no tenure is without a beginning, which `operations` puts in words.
_UNLESS_MOVED = "CASE WHEN EXISTS (SELECT 1 FROM ipam_network AS home WHERE {moved}) THEN NULL ELSE {since} END"
_ADDRESS_MOVED = """home.id = held.network_id AND home.project_id <> held.project_id AND home.type <> 'child-shared'"""
_BLOCK_MOVED = """home.id = network.parent_id
    AND (home.project_id <> network.project_id OR home.vrf_id <> network.vrf_id)"""
_ADDRESSES = """
    SELECT {event}, %s, %s, %s, {since}, held.address, NULL,
        (SELECT length FROM ipam_prefix WHERE id = held.prefix_id), held.namespace_id, held.network_id, held.project_id,
        coalesce((SELECT name FROM ipam_project WHERE id = held.project_id), ''), coalesce(held.machine_id, ''),
        coalesce((SELECT name FROM ipam_machine WHERE id = held.machine_id), ''), held.name, held.type, held.allocation
    FROM ipam_ipaddress AS held WHERE held.id {which}
"""
_BLOCKS = """
    SELECT {event}, %s, %s, %s, {since}, held.first, held.length,
        (SELECT length FROM ipam_prefix WHERE id = held.parent_id), held.namespace_id, held.network_id,
        network.project_id, coalesce((SELECT name FROM ipam_project WHERE id = network.project_id), ''), '', '',
        network.name, network.type, NULL
    FROM ipam_network AS network JOIN ipam_prefix AS held ON network.id = held.network_id WHERE held.id {which}
"""
_END = """
    UPDATE ipam_tenure SET until = %s, ended_by = {event}
    WHERE until IS NULL AND {kind} AND namespace_id {namespace} AND address {which}
"""


def begin(event: Event, addresses: Sequence[IPAddress]) -> None:
    """Whoever holds these stored addresses holds them from this event on; without end."""
    _begin(_of_new(_ADDRESSES, IPAddress, Machine), event, [one.pk for one in addresses], _ADDRESS_MOVED)


def begin_blocks(event: Event, prefixes: Iterable[Prefix]) -> None:
    """The networks of these stored child prefixes hold them from this event on; without end."""
    _begin(_of_new(_BLOCKS, Network), event, [prefix.pk for prefix in prefixes], _BLOCK_MOVED)


def end(event: Event, addresses: Iterable[IPAddress]) -> None:
    """Nobody holds these addresses any longer, or somebody else does."""
    of_namespace: dict[UUID | None, list[Address]] = defaultdict(list)
    for address in addresses:
        of_namespace[address.namespace_id].append(address.address)
    for namespace_id, held in of_namespace.items():
        _end(event, "length IS NULL", namespace_id, held)


def end_blocks(event: Event, prefixes: Sequence[Prefix]) -> None:
    """Nobody holds these child prefixes, of one network, any longer."""
    for namespace_id in {prefix.namespace_id for prefix in prefixes}:
        _end(event, "length IS NOT NULL", namespace_id, [prefix.first for prefix in prefixes])


def make_true(event: Event) -> None:
    """End open tenures of what nobody holds so, and begin those that are missing, with what is held."""
    for untrue in Tenure.objects.untrue():
        untrue.update(until=event.at, ended_by=event.pk)
    for selected, untold in ((_ADDRESSES, addresses_untold()), (_BLOCKS, blocks_untold())):
        query, parameters = untold.order_by().values("pk").query.sql_with_params()
        _insert(
            selected, event, "held.created_at", f"IN ({query})", parameters, is_exact=False
        )  # since then, or before


def beginning_of_one(key: str) -> str:
    """The statement of a procedure that has an `event`: the stored address with this key is held from it on."""
    since = _UNLESS_MOVED.format(moved=_ADDRESS_MOVED, since="event.at")
    return (_INSERT + _ADDRESSES.format(event="event.id", since=since, which=f"= {key}")) % (
        "event.actor",
        "event.door",
        "TRUE",
    )


def end_of_one(address: str, namespace: str) -> str:
    """The same: nobody holds this address any longer."""
    scope = {"kind": "length IS NULL", "namespace": f"IS NOT DISTINCT FROM {namespace}", "which": f"= {address}"}
    return _END.format(event="event.id", **scope) % "event.at"


def _of_new(selected: str, *models: type[Model]) -> str:
    """The same, of rows that may not be in their tables yet (`writes.together`)."""
    for model in models:
        selected = selected.replace(f"FROM {model._meta.db_table} ", f"FROM {writes.source_of(model)} ")
    return selected


def _begin(selected: str, event: Event, keys: Sequence[Any], moved: str) -> None:
    since = _UNLESS_MOVED.format(moved=moved, since="%s")
    for batch in bulk_insert.batches(keys):
        which, parameters = _among(batch)
        _insert(selected, event, since, which, [_moment(event), *parameters], is_exact=_is_exact(event))


def _insert(selected: str, event: Event, since: str, which: str, parameters: Sequence[Any], *, is_exact: bool) -> None:
    key, by = writes.key_of(event)
    statement = _INSERT + selected.format(event=key, since=since, which=which)
    writes.execute(statement, [*by, event.actor, event.door, is_exact, *parameters])


def _end(event: Event, kind: str, namespace_id: UUID | None, starts: Sequence[Address]) -> None:
    key, by = writes.key_of(event)
    namespace, of_namespace = _among([] if namespace_id is None else [namespace_id])
    for batch in bulk_insert.batches(starts):
        which, parameters = _among([to_bytes(start) for start in batch])
        statement = _END.format(event=key, kind=kind, namespace=namespace, which=which)
        writes.execute(statement, [_moment(event), *by, *of_namespace, *parameters])


def _is_exact(event: Event) -> bool:
    """What an import brings was held before, elsewhere."""
    return event.verb != Verb.IMPORT


def _moment(event: Event) -> Any:
    return connection.ops.adapt_datetimefield_value(event.at)


def _among(values: Sequence[Any]) -> tuple[str, list[Any]]:
    """That a column has one of these values, or none where there are none; in SQL, and its parameters."""
    if not values:
        return "IS NULL", []
    if connection.vendor == "postgresql":
        return "= ANY(%s)", [list(values)]
    stored = [writes.stored_uuid(value) if isinstance(value, UUID) else value for value in values]
    return f"IN ({', '.join(['%s'] * len(stored))})", stored
