"""Who holds what, from when until when: rows that begin and end with addresses and child prefixes, by an event.

They begin by one INSERT that takes names and all else from the rows that are there, and end by one UPDATE.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from netaddr import IPAddress as Address

from ipam.domain.core import bulk_insert
from ipam.fields import to_bytes
from ipam.models import Event, IPAddress, Prefix, Tenure
from ipam.models.events import Verb
from ipam.models.tenures import addresses_untold, blocks_untold

# Names by subqueries: PostgreSQL plans them in half of the time that it needs for joins. Of few addresses all else
# comes from Python: in half of the time again. What has gone meanwhile has no name: the foreign key of the address
# refuses that at the end, in words.
_FEW = 4
_INSERT = """
    INSERT INTO ipam_tenure (
        begun_by, actor, door, from_exact, since, address, length, prefix_length, namespace_id, network_id, project_id,
        project_name, machine_id, machine_name, name, type, allocation
    )
"""
_ADDRESSES = """
    SELECT %s, %s, %s, %s, {since}, held.address, NULL,
        (SELECT length FROM ipam_prefix WHERE id = held.prefix_id), held.namespace_id, held.network_id, held.project_id,
        coalesce((SELECT name FROM ipam_project WHERE id = held.project_id), ''), coalesce(held.machine_id, ''),
        coalesce((SELECT name FROM ipam_machine WHERE id = held.machine_id), ''), held.name, held.type, held.allocation
    FROM ipam_ipaddress AS held WHERE held.id {which}
"""
_BLOCKS = """
    SELECT %s, %s, %s, %s, {since}, held.first, held.length,
        (SELECT length FROM ipam_prefix WHERE id = held.parent_id), held.namespace_id, held.network_id,
        network.project_id, coalesce((SELECT name FROM ipam_project WHERE id = network.project_id), ''), '', '',
        network.name, network.type, NULL
    FROM ipam_prefix AS held JOIN ipam_network AS network ON network.id = held.network_id WHERE held.id {which}
"""
_ADDRESS = """(
    %s, %s, %s, %s, %s, %s, NULL, (SELECT length FROM ipam_prefix WHERE id = %s), %s, %s, %s,
    coalesce((SELECT name FROM ipam_project WHERE id = %s), ''), {machine}, %s, %s, %s
)"""
_MACHINE, _NO_MACHINE = "%s, coalesce((SELECT name FROM ipam_machine WHERE id = %s), '')", "'', ''"
_END = """
    UPDATE ipam_tenure SET until = %s, ended_by = %s
    WHERE until IS NULL AND {kind} AND namespace_id {namespace} AND address {which}
"""


def begin(event: Event, addresses: Sequence[IPAddress]) -> None:
    """Whoever holds these stored addresses holds them from this event on; without end."""
    if len(addresses) > _FEW:
        _begin(_ADDRESSES, event, [address.pk for address in addresses])
        return
    shared = [event.pk, event.actor, event.door, _is_exact(event), _moment(event)]
    parameters: list[Any] = []
    rows = []
    for one in addresses:
        rows.append(_ADDRESS.format(machine=_MACHINE if one.machine_id else _NO_MACHINE))
        machine = [one.machine_id] * 2 if one.machine_id else []
        place = [to_bytes(one.address), one.prefix_id, _key(one.namespace_id), one.network_id]
        owner = [*[_key(one.project_id)] * 2, *machine]
        parameters += [*shared, *place, *owner, one.name, one.type, _key(one.allocation)]
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT} VALUES {', '.join(rows)}", parameters)


def begin_blocks(event: Event, prefixes: Iterable[Prefix]) -> None:
    """The networks of these stored child prefixes hold them from this event on; without end."""
    _begin(_BLOCKS, event, [prefix.pk for prefix in prefixes])


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
        statement = selected.format(since="held.created_at", which=f"IN ({query})")
        _insert(statement, event, [], parameters, is_exact=False)  # since then, or before


def _begin(selected: str, event: Event, keys: Sequence[Any]) -> None:
    for batch in bulk_insert.batches(keys):
        which, parameters = _among(batch)
        statement = selected.format(since="%s", which=which)
        _insert(statement, event, [_moment(event)], parameters, is_exact=_is_exact(event))


def _insert(selected: str, event: Event, since: list[Any], which: Sequence[Any], *, is_exact: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + selected, [event.pk, event.actor, event.door, is_exact, *since, *which])


def _end(event: Event, kind: str, namespace_id: UUID | None, starts: Sequence[Address]) -> None:
    namespace, of_namespace = _among([] if namespace_id is None else [namespace_id])
    for batch in bulk_insert.batches(starts):
        which, parameters = _among([to_bytes(start) for start in batch])
        statement = _END.format(kind=kind, namespace=namespace, which=which)
        with connection.cursor() as cursor:
            cursor.execute(statement, [_moment(event), event.pk, *of_namespace, *parameters])


def _is_exact(event: Event) -> bool:
    """What an import brings was held before, elsewhere."""
    return event.verb != Verb.IMPORT


def _key(value: UUID | None) -> Any:
    """A UUID as the database has it."""
    return value.hex if value is not None and connection.vendor == "sqlite" else value


def _moment(event: Event) -> Any:
    return connection.ops.adapt_datetimefield_value(event.at)


def _among(values: Sequence[Any]) -> tuple[str, list[Any]]:
    """That a column has one of these values, or none where there are none; in SQL, and its parameters."""
    if not values:
        return "IS NULL", []
    if connection.vendor == "postgresql":
        return "= ANY(%s)", [list(values)]
    stored = [_key(value) if isinstance(value, UUID) else value for value in values]
    return f"IN ({', '.join(['%s'] * len(stored))})", stored
